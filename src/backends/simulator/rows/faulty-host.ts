import type { Disk, DiskFile, Host } from '../../../base/host.ts'
import type { Faults } from './faults.ts'

/** The host as one process of a virtual cluster sees it: nothing happens after its death, and files of other tasks may be gone or damaged. */
export function faultyHost(host: Host, faults: Faults, isAlive: () => boolean): Host {
  const { disk } = host
  const guarded = <T>(call: () => T): T => {
    if (!isAlive()) throw new Error('this process is dead')
    return call()
  }
  const wrap = (file: DiskFile): DiskFile => ({
    path: file.path,
    read: (target, offset, length, position) =>
      guarded(() => {
        const count = file.read(target, offset, length, position)
        if (count > 0 && isKept(file.path) && faults.strikes('bitFlips'))
          target[offset + Math.floor(faults.between(0, count))] ^= 1 << Math.floor(faults.between(0, 8))
        return count
      }),
    write: (data) =>
      guarded(() => {
        if (isKept(file.path) && faults.strikes('diskError'))
          throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
        file.write(data)
      }),
    sync: () => guarded(() => file.sync()),
    close: () => file.close(),
  })
  const faulty: Disk = {
    openRead: (path) =>
      guarded(() => {
        if (path.includes('/exchange-') && faults.strikes('fileLost')) disk.remove(path)
        return wrap(disk.openRead(path))
      }),
    create: (path) => guarded(() => wrap(disk.create(path))),
    append: (path) => guarded(() => wrap(disk.append(path))),
    stat: (path) => guarded(() => disk.stat(path)),
    isLink: (path) => guarded(() => disk.isLink(path)),
    list: (path) => guarded(() => disk.list(path)),
    makeDirectory: (path) => guarded(() => disk.makeDirectory(path)),
    rename: (from, to) => guarded(() => disk.rename(from, to)),
    remove: (path) => guarded(() => disk.remove(path)),
    removeEmptyDirectory: (path) => guarded(() => disk.removeEmptyDirectory(path)),
    syncDirectory: (path) => guarded(() => disk.syncDirectory(path)),
  }
  return { ...host, disk: faulty }
}

/** Files that tasks keep for themselves and for each other. */
const isKept = (path: string): boolean => path.endsWith('.blocks')
