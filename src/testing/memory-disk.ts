import { basename, dirname, resolve } from 'node:path'
import type { Disk, DiskFile } from '../base/host.ts'

/** A piece of a file that was written and not synced yet. */
interface PendingWrite {
  offset: number
  data: Uint8Array
}
interface FileNode {
  kind: 'file'
  /** What readers see. */
  bytes: Uint8Array
  sizeBytes: number
  mtimeMs: number
  /** What a power cut leaves at least. */
  synced: Uint8Array
  pending: PendingWrite[]
}
interface FolderNode {
  kind: 'folder'
  mtimeMs: number
  entries: Map<string, Node>
  synced: Map<string, Node>
}
type Node = FileNode | FolderNode

/** Entries of folders that change together: a rename happens or does not. */
interface Change {
  entries: readonly { folder: FolderNode; name: string; node: Node | undefined }[]
}

const sectorBytes = 512

/**
 * A disk in memory that knows which writes and which entries of folders were synced, so that it can tell what a power cut may leave.
 *
 * As strict as POSIX: syncing a file does not sync its name, and what was not synced may reach the disk in any order, in part or not at all.
 */
export class MemoryDisk implements Disk {
  readonly #root: FolderNode
  readonly #nowMs: () => number
  #changes: Change[] = []

  constructor(nowMs: () => number, root: FolderNode = newFolder(nowMs())) {
    this.#nowMs = nowMs
    this.#root = root
  }

  openRead(path: string): DiskFile {
    return this.#handle(path, this.#file(path, 'open'))
  }

  create(path: string): DiskFile {
    const folder = this.#parent(path, 'open')
    if (folder.entries.has(basename(path))) throw systemError('EEXIST', 'open', path)
    const file: FileNode = {
      kind: 'file',
      bytes: new Uint8Array(64),
      sizeBytes: 0,
      mtimeMs: this.#nowMs(),
      synced: new Uint8Array(0),
      pending: [],
    }
    this.#change([{ folder, name: basename(path), node: file }])
    return this.#handle(path, file)
  }

  append(path: string): DiskFile {
    return this.#handle(path, this.#file(path, 'open'))
  }

  stat(path: string): ReturnType<Disk['stat']> {
    const node = this.#find(path)
    if (node === undefined) return undefined
    const isDirectory = node.kind === 'folder'
    return {
      sizeBytes: isDirectory ? 0 : node.sizeBytes,
      mtimeMs: node.mtimeMs,
      isDirectory,
      isSpecial: false,
    }
  }

  isLink(): boolean {
    return false
  }

  list(path: string): readonly string[] {
    return [...this.#folder(path, 'scandir').entries.keys()].sort()
  }

  makeDirectory(path: string): void {
    const absolute = resolve(path)
    if (absolute === '/') return
    this.makeDirectory(dirname(absolute))
    const folder = this.#parent(absolute, 'mkdir')
    const there = folder.entries.get(basename(absolute))
    if (there?.kind === 'file') throw systemError('EEXIST', 'mkdir', path)
    if (there === undefined) this.#change([{ folder, name: basename(absolute), node: newFolder(this.#nowMs()) }])
  }

  rename(from: string, to: string): void {
    const node = this.#find(from)
    if (node === undefined) throw systemError('ENOENT', 'rename', from)
    const target = this.#find(to)
    if (target?.kind === 'folder' && target.entries.size > 0) throw systemError('ENOTEMPTY', 'rename', to)
    this.#change([
      { folder: this.#parent(from, 'rename'), name: basename(from), node: undefined },
      { folder: this.#parent(to, 'rename'), name: basename(to), node },
    ])
  }

  remove(path: string): void {
    const node = this.#find(path)
    if (node === undefined) return
    // As the real one: entry after entry, so that a power cut may leave any of them.
    if (node.kind === 'folder') for (const name of [...node.entries.keys()]) this.remove(`${path}/${name}`)
    this.#change([{ folder: this.#parent(path, 'rm'), name: basename(path), node: undefined }])
  }

  removeEmptyDirectory(path: string): void {
    const node = this.#find(path)
    if (node?.kind === 'folder' && node.entries.size === 0) this.remove(path)
  }

  syncDirectory(path: string): void {
    const folder = this.#folder(path, 'open')
    const isOfFolder = (change: Change): boolean => change.entries.some((entry) => entry.folder === folder)
    for (const change of this.#changes) if (isOfFolder(change)) apply(change, 'synced')
    this.#changes = this.#changes.filter((change) => !isOfFolder(change))
  }

  /** All of a file. */
  read(path: string): Uint8Array {
    const { bytes, sizeBytes } = this.#file(path, 'open')
    return bytes.subarray(0, sizeBytes)
  }

  /** Makes a file with this content, safe from power cuts as its folders are. */
  put(path: string, content: Uint8Array): void {
    this.makeDirectory(dirname(path))
    this.remove(path)
    const file = this.create(path)
    file.write(content)
    file.sync()
    for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
      this.syncDirectory(folder)
      if (folder === '/') return
    }
  }

  /** Paths of all files, sorted. */
  files(): string[] {
    return filesIn(this.#root, '').sort()
  }

  /**
   * The disk after a power cut: all that was synced, and of the rest what `random` (0 to 1) leaves of it. Each write may be there, be lost, or be torn
   * at sectors; what lies before a write that is there reads as zeros where it is lost. A name may be there without the content of its file.
   */
  afterPowerCut(random: () => number): MemoryDisk {
    // Most interesting are all, none and nearly all.
    const kept = [0, 0.5, 0.9, 1][Math.floor(random() * 4)]
    for (const change of this.#changes) if (random() < kept) apply(change, 'synced')
    const copies = new Map<Node, Node>()
    return new MemoryDisk(this.#nowMs, survivor(this.#root, copies, random, kept) as FolderNode)
  }

  #handle(path: string, file: FileNode): DiskFile {
    return {
      path,
      read(target, offset, length, position) {
        const end = Math.min(file.sizeBytes, position + length)
        if (end <= position) return 0
        target.set(file.bytes.subarray(position, end), offset)
        return end - position
      },
      write: (data) => {
        const at = file.sizeBytes
        put(file, at, data)
        file.pending.push({ offset: at, data: data.slice() })
        file.mtimeMs = this.#nowMs()
      },
      sync() {
        file.synced = file.bytes.slice(0, file.sizeBytes)
        file.pending = []
      },
      close() {},
    }
  }

  #change(entries: Change['entries']): void {
    apply({ entries }, 'entries')
    this.#changes.push({ entries })
  }

  #find(path: string): Node | undefined {
    let node: Node = this.#root
    for (const name of resolve(path).split('/')) {
      if (name === '') continue
      const next: Node | undefined = node.kind === 'folder' ? node.entries.get(name) : undefined
      if (next === undefined) return undefined
      node = next
    }
    return node
  }

  #file(path: string, call: string): FileNode {
    const node = this.#find(path)
    if (node === undefined) throw systemError('ENOENT', call, path)
    if (node.kind === 'folder') throw systemError('EISDIR', call, path)
    return node
  }

  #folder(path: string, call: string): FolderNode {
    const node = this.#find(path)
    if (node === undefined) throw systemError('ENOENT', call, path)
    if (node.kind === 'file') throw systemError('ENOTDIR', call, path)
    return node
  }

  #parent(path: string, call: string): FolderNode {
    return this.#folder(dirname(resolve(path)), call)
  }
}

const newFolder = (mtimeMs: number): FolderNode => ({ kind: 'folder', mtimeMs, entries: new Map(), synced: new Map() })

function apply({ entries }: Change, to: 'entries' | 'synced'): void {
  for (const { folder, name, node } of entries) {
    if (node === undefined) folder[to].delete(name)
    else folder[to].set(name, node)
  }
}

/** Writes into the visible bytes of a file. */
function put(file: FileNode, at: number, data: Uint8Array): void {
  const end = Math.max(file.sizeBytes, at + data.length)
  if (end > file.bytes.length) {
    const grown = new Uint8Array(Math.max(end, file.bytes.length * 2))
    grown.set(file.bytes.subarray(0, file.sizeBytes))
    file.bytes = grown
  }
  file.bytes.set(data, at)
  file.sizeBytes = end
}

/** @param copies - a file may be under two names when only one half of what moved it is there. */
function survivor(node: Node, copies: Map<Node, Node>, random: () => number, kept: number): Node {
  const known = copies.get(node)
  if (known !== undefined) return known
  if (node.kind === 'folder') {
    const folder = newFolder(node.mtimeMs)
    copies.set(node, folder)
    for (const [name, child] of node.synced) {
      const left = survivor(child, copies, random, kept)
      folder.entries.set(name, left)
      folder.synced.set(name, left)
    }
    return folder
  }
  const left: FileNode = { ...node, bytes: node.synced.slice(), sizeBytes: node.synced.length, pending: [] }
  copies.set(node, left)
  for (const { offset, data } of node.pending) {
    if (random() >= kept) continue
    const isTorn = random() < 0.3
    for (let at = 0; at < data.length; ) {
      const end = Math.min(data.length, at + sectorBytes - ((offset + at) % sectorBytes))
      if (!isTorn || random() < 0.5) put(left, offset + at, data.subarray(at, end))
      at = end
    }
  }
  left.synced = left.bytes.slice(0, left.sizeBytes)
  return left
}

function filesIn(folder: FolderNode, path: string): string[] {
  return [...folder.entries].flatMap(([name, node]) =>
    node.kind === 'file' ? [`${path}/${name}`] : filesIn(node, `${path}/${name}`),
  )
}

const systemError = (code: string, call: string, path: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: ${call} '${path}'`), { code })
