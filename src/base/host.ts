/**
 * The one seam to clock, randomness and disk. Operators, connectors and the coordinator's drivers reach the outside through it,
 * so that tests and the simulator can take over. Disk calls are synchronous: they run in workers, a batch at a time.
 */
export interface Host {
  clock: Clock
  random: Random
  disk: Disk
}
export interface Clock {
  /** Milliseconds, monotonic. */
  nowMs(): number
  /** CPU that the calling thread has used, in milliseconds; absent where that cannot be told. */
  threadCpuMs?(): number
  /** Microseconds since 1970, for stamps that leave the process. */
  wallTimeUs(): number
  /** Calls `action` once, at least `delayMs` from now, unless the returned function was called before. */
  after(delayMs: number, action: () => void): () => void
}
export interface Random {
  /** 32 random bits. */
  uint32(): number
}
export interface DiskFile {
  readonly path: string
  /** Reads up to `length` bytes at `position` into `target`; returns the bytes read, 0 at the end. */
  read(target: Uint8Array, offset: number, length: number, position: number): number
  /** Writes all of the bytes at the end of what was written; a full disk is `RESOURCE_DISK_FULL`. */
  write(data: Uint8Array): void
  sync(): void
  close(): void
}
export interface FileStat {
  sizeBytes: number
  mtimeMs: number
  isDirectory: boolean
  /** Neither a file nor a folder: a pipe, a device, a socket. */
  isSpecial: boolean
}
export interface Disk {
  openRead(path: string): DiskFile
  /** Creates a file that must not exist. */
  create(path: string): DiskFile
  /** Opens a file that is there, to write at its end whoever else does: each write is put there as one piece. */
  append(path: string): DiskFile
  /** Follows links: undefined for one that leads nowhere. */
  stat(path: string): FileStat | undefined
  isLink(path: string): boolean
  list(path: string): readonly string[]
  makeDirectory(path: string): void
  rename(from: string, to: string): void
  /** Removes a file or a tree; does nothing when it is not there. */
  remove(path: string): void
  /** Removes a folder in which nothing is; does nothing when something is, or the folder is not there. */
  removeEmptyDirectory(path: string): void
  syncDirectory(path: string): void
}
