import { resourceError } from '../base/errors.ts'
import { formatBytes } from '../base/format-bytes.ts'
import type { Disk, DiskFile, Host } from '../base/host.ts'

/** How much the files of a run may take, for all of its workers. */
export interface DiskLimit {
  limitBytes: number
  workers: number
}

/** The host of a worker, with a limit for the files in the run's folder if there is one. */
export function withinDisk(host: Host, directory: string, limit: DiskLimit | undefined): Host {
  if (limit === undefined) return host
  return { ...host, disk: withDiskBudget(host.disk, directory, limit.limitBytes, limit.workers) }
}

/** Files are looked at again when a worker has written this share of the budget since it last did. */
const checkShare = 1 / 64

/**
 * A disk on which the files of a run's folder may take `limitBytes` in all: partition files, spilled rows and results.
 *
 * Each worker counts what it writes itself. Below its even share of the budget that is all; above, it adds up the files in the folder now and then,
 * so that all workers together may go over the budget by a 64th for each.
 *
 * @param workers - how many share the folder.
 */
function withDiskBudget(disk: Disk, directory: string, limitBytes: number, workers: number): Disk {
  const sizes = new Map<string, number>()
  let ownBytes = 0
  let checkedAt = 0
  const count = (path: string, bytes: number): void => {
    sizes.set(path, (sizes.get(path) ?? 0) + bytes)
    ownBytes += bytes
    if (ownBytes <= limitBytes / workers || ownBytes - checkedAt < limitBytes * checkShare) return
    checkedAt = ownBytes
    const usedBytes = bytesIn(disk, directory)
    if (usedBytes > limitBytes) throw overBudget(usedBytes, limitBytes)
  }
  const wrap = (file: DiskFile): DiskFile => {
    if (!file.path.startsWith(`${directory}/`)) return file
    return {
      path: file.path,
      read: (target, offset, length, position) => file.read(target, offset, length, position),
      write(data) {
        count(file.path, data.length)
        file.write(data)
      },
      sync: () => file.sync(),
      close: () => file.close(),
    }
  }
  return {
    openRead: (path) => disk.openRead(path),
    create: (path) => wrap(disk.create(path)),
    append: (path) => wrap(disk.append(path)),
    stat: (path) => disk.stat(path),
    isLink: (path) => disk.isLink(path),
    list: (path) => disk.list(path),
    makeDirectory: (path) => disk.makeDirectory(path),
    rename: (from, to) => disk.rename(from, to),
    remove(path) {
      disk.remove(path)
      const freed = sizes.get(path) ?? 0
      sizes.delete(path)
      ownBytes -= freed
      checkedAt = Math.min(checkedAt, ownBytes)
    },
    removeEmptyDirectory: (path) => disk.removeEmptyDirectory(path),
    syncDirectory: (path) => disk.syncDirectory(path),
  }
}

/** Other workers make and remove files meanwhile. */
function bytesIn(disk: Disk, directory: string): number {
  return disk.list(directory).reduce((sum, name) => sum + (disk.stat(`${directory}/${name}`)?.sizeBytes ?? 0), 0)
}

function overBudget(usedBytes: number, limitBytes: number) {
  return resourceError(
    'RESOURCE_DISK_BUDGET',
    `the files that the run keeps for itself take ${formatBytes(usedBytes)}, and --disk allows ${formatBytes(limitBytes)}`,
    { hint: 'allow more, give it more --memory so that less is written, or run it pipelined if it is serial' },
  )
}
