import { resourceError } from '../base/errors.ts'
import type { Disk, DiskFile, Host } from '../base/host.ts'

/**
 * A host whose disk fails the write with this number, counted from 1 over all files, and every one after it: `ENOSPC` as `RESOURCE_DISK_FULL`,
 * `EIO` as the error of the operating system. Half of the bytes of a failing write still reach the file, as on a disk that fills up.
 */
export function faultyHost(host: Host, failAtWrite: number, fault: 'ENOSPC' | 'EIO'): Host {
  let writes = 0
  const wrap = (file: DiskFile): DiskFile => ({
    path: file.path,
    read: (target, offset, length, position) => file.read(target, offset, length, position),
    write(data) {
      if (++writes < failAtWrite) return file.write(data)
      file.write(data.subarray(0, data.length >> 1))
      if (fault === 'ENOSPC')
        throw resourceError('RESOURCE_DISK_FULL', `cannot write '${file.path}': the disk is full`, { file: file.path })
      throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
    },
    sync: () => file.sync(),
    close: () => file.close(),
  })
  const disk: Disk = {
    ...host.disk,
    create: (path) => wrap(host.disk.create(path)),
    append: (path) => wrap(host.disk.append(path)),
  }
  return { ...host, disk }
}
