import type { Disk, DiskFile, Host } from './host.ts'
import { diskError } from './node-host.ts'

/** A call of a disk that is about to be made; `number` counts all calls of the host from 1. */
export interface DiskCall {
  op: Exclude<keyof Disk, 'isLink'> | 'read' | 'write' | 'sync'
  path: string
  number: number
}

/** Calls that change what is on the disk, or see to it that it stays. */
export const changesDisk = ({ op }: DiskCall): boolean => !readingCalls.has(op)

const readingCalls: ReadonlySet<DiskCall['op']> = new Set(['openRead', 'append', 'read', 'stat', 'list'])

/**
 * A host whose disk asks before each call whether it fails, and with what; undefined lets it pass. Half of the bytes of a failing write still reach the
 * file, as on a disk that fills up; nothing of them does where `fault` throws.
 *
 * @param damage - may change what was read of a file.
 */
export function faultyHost(
  host: Host,
  fault: (call: DiskCall) => unknown,
  damage?: (path: string, bytes: Uint8Array) => void,
): Host {
  let number = 0
  const attempt = (op: DiskCall['op'], path: string, before?: () => void): void => {
    const error = fault({ op, path, number: ++number })
    if (error === undefined) return
    before?.()
    throw error
  }
  const wrap = (file: DiskFile): DiskFile => ({
    path: file.path,
    read(target, offset, length, position) {
      attempt('read', file.path)
      const count = file.read(target, offset, length, position)
      damage?.(file.path, target.subarray(offset, offset + count))
      return count
    },
    write(data) {
      attempt('write', file.path, () => file.write(data.subarray(0, data.length >> 1)))
      file.write(data)
    },
    sync() {
      attempt('sync', file.path)
      file.sync()
    },
    close: () => file.close(),
  })
  const { disk } = host
  const one =
    <T>(op: Exclude<DiskCall['op'], 'read' | 'write' | 'sync' | 'rename'>, call: (path: string) => T) =>
    (path: string): T => {
      attempt(op, path)
      return call(path)
    }
  return {
    ...host,
    disk: {
      openRead: one('openRead', (path) => wrap(disk.openRead(path))),
      create: one('create', (path) => wrap(disk.create(path))),
      append: one('append', (path) => wrap(disk.append(path))),
      stat: one('stat', (path) => disk.stat(path)),
      isLink: (path) => disk.isLink(path),
      list: one('list', (path) => disk.list(path)),
      makeDirectory: one('makeDirectory', (path) => disk.makeDirectory(path)),
      rename(from, to) {
        attempt('rename', to)
        disk.rename(from, to)
      },
      remove: one('remove', (path) => disk.remove(path)),
      removeEmptyDirectory: one('removeEmptyDirectory', (path) => disk.removeEmptyDirectory(path)),
      syncDirectory: one('syncDirectory', (path) => disk.syncDirectory(path)),
    },
  }
}

/** A host that fails the write with this number, counted from 1 over all files, and every one after it. */
export function failWrites(host: Host, from: number, code: 'ENOSPC' | 'EIO'): Host {
  let writes = 0
  return faultyHost(host, (call) => (call.op === 'write' && ++writes >= from ? faultOf(code, call) : undefined))
}

/** What a real disk throws that fails a call in this way. */
export function faultOf(code: 'ENOSPC' | 'EIO' | 'EMFILE', { op, path }: DiskCall): unknown {
  return diskError(path, Object.assign(new Error(`${code}: ${op} '${path}'`), { code }))
}
