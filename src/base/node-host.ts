import { randomFillSync } from 'node:crypto'
import * as fs from 'node:fs'
import { resourceError } from './errors.ts'
import type { Clock, Disk, DiskFile, Host, Random } from './host.ts'
import { isTooManyOpenFiles, tooManyOpenFiles } from './open-files.ts'

/**
 * The host of a real process: monotonic clock, random bits of the operating system, files through synchronous calls.
 *
 * A full disk, a quota or a file size limit is `RESOURCE_DISK_FULL`, too many open files `RESOURCE_OPEN_FILES`. Every other error of a call is Node's own, with its `code`:
 * only the caller knows whether the file was an input or an output.
 */
export function nodeHost(): Host {
  return { clock: nodeClock, random: nodeRandom, disk: nodeDisk }
}

const nodeClock: Clock = {
  nowMs: () => performance.now(),
  wallTimeUs: () => Math.round((performance.timeOrigin + performance.now()) * 1000),
  after(delayMs, action) {
    const timeout = setTimeout(action, delayMs)
    return () => clearTimeout(timeout)
  },
  // Node.js 22 knows the CPU of the whole process only.
  ...(process.threadCpuUsage === undefined ? {} : { threadCpuMs }),
}

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

const word = new Uint32Array(1)
const nodeRandom: Random = {
  uint32: () => randomFillSync(word)[0],
}

const nodeDisk: Disk = {
  openRead: (path) => withinLimits(path, () => openFile(path, 'r')),
  create: (path) => withinLimits(path, () => openFile(path, 'wx')),
  append: (path) => withinLimits(path, () => openFile(path, fs.constants.O_WRONLY | fs.constants.O_APPEND)),
  stat(path) {
    const stat = fs.statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    const isDirectory = stat.isDirectory()
    return { sizeBytes: stat.size, mtimeMs: stat.mtimeMs, isDirectory, isSpecial: !isDirectory && !stat.isFile() }
  },
  isLink: (path) => fs.lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true,
  list: (path) => withinLimits(path, () => fs.readdirSync(path)),
  makeDirectory: (path) => withinLimits(path, () => void fs.mkdirSync(path, { recursive: true })),
  rename: (from, to) => withinLimits(to, () => fs.renameSync(from, to)),
  remove: (path) => withinLimits(path, () => fs.rmSync(path, { recursive: true, force: true })),
  removeEmptyDirectory(path) {
    try {
      fs.rmdirSync(path)
    } catch (thrown) {
      if (!notEmptyCodes.has((thrown as NodeJS.ErrnoException).code)) throw thrown
    }
  },
  syncDirectory(path) {
    // Windows cannot open a directory; there a rename is durable enough by itself.
    if (process.platform === 'win32') return
    const handle = withinLimits(path, () => fs.openSync(path, 'r'))
    try {
      fs.fsyncSync(handle)
    } finally {
      fs.closeSync(handle)
    }
  },
}

// POSIX lets a system say EEXIST of a folder that is not empty. ENOTDIR: where the folder should be there is a file.
const notEmptyCodes: ReadonlySet<unknown> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'])

function openFile(path: string, flags: string | number): DiskFile {
  let handle = fs.openSync(path, flags)
  return {
    path,
    read: (target, offset, length, position) => fs.readSync(handle, target, offset, length, position),
    write(data) {
      withinLimits(path, () => {
        // A disk that fills up first gives a short write; only the next call fails.
        for (let at = 0; at < data.length; ) at += fs.writeSync(handle, data, at, data.length - at)
      })
    },
    sync: () => withinLimits(path, () => fs.fsyncSync(handle)),
    close() {
      if (handle < 0) return
      const closing = handle
      handle = -1
      withinLimits(path, () => fs.closeSync(closing))
    },
  }
}

const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EFBIG', 'EDQUOT'])

function withinLimits<T>(path: string, call: () => T): T {
  try {
    return call()
  } catch (cause) {
    throw diskError(path, cause)
  }
}

/** What a host throws for an error of the operating system: its own error where the machine's limits are reached, else the error as it is. */
export function diskError(path: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException
  if (isTooManyOpenFiles(message)) return tooManyOpenFiles(`cannot open '${path}'`, { file: path, cause })
  if (!fullCodes.has(code)) return cause
  return resourceError('RESOURCE_DISK_FULL', `cannot write '${path}': the disk is full or a size limit was reached (${code})`, {
    file: path,
    hint: 'free some space or write to another disk, then run again',
    cause,
  })
}
