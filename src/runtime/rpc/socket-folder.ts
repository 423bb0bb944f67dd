import { randomBytes } from 'node:crypto'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { WorkerId } from '../orders.ts'
import { ownMark, type ProcessMark } from '../process-life.ts'

/**
 * The folder of the sockets of one run's workers. Only this user may enter it, and so connect to anything in it.
 *
 * It is no part of the run's folder: a path of a socket has at most 103 bytes, on some systems.
 */
export interface SocketFolder {
  directory: string
  /** In hexadecimal; whoever connects says it first. */
  token: string
}

const prefix = 'millrace-'
/** Longest path of a folder in which the sockets of 10^8 workers have paths that are short enough. */
const folderLimit = 87
const tokenFile = 'token'
const ownFile = /^(?:token|\d+\.(?:socket|json))$/

export function makeSocketFolder(): SocketFolder {
  const usual = join(tmpdir(), prefix)
  // Its mode is 0700 from the first moment on.
  const directory = mkdtempSync(Buffer.byteLength(usual) > folderLimit - 6 ? `/tmp/${prefix}` : usual)
  const token = randomBytes(32).toString('hex')
  writeFileSync(join(directory, tokenFile), token, { mode: 0o600, flag: 'wx' })
  return { directory, token }
}

/** A folder that an earlier process made; undefined when it has gone, or is none that this user has to himself: its path is from a file. */
export function openSocketFolder(directory: string): SocketFolder | undefined {
  try {
    const { mode, uid } = lstatSync(directory)
    const isOwn = process.platform === 'win32' || (uid === process.getuid?.() && (mode & 0o77) === 0)
    if (!basename(directory).startsWith(prefix) || !isOwn) return undefined
    return { directory, token: readFileSync(join(directory, tokenFile), 'utf8') }
  } catch {
    return undefined
  }
}

export function removeSocketFolder({ directory }: SocketFolder): void {
  try {
    for (const name of readdirSync(directory)) if (ownFile.test(name)) rmSync(join(directory, name), { force: true })
    rmdirSync(directory)
  } catch {
    // Another one was faster, or the system has cleared it away.
  }
}

/** Where a worker listens. Windows has sockets that processes find by a path in a namespace of their own only. */
export const socketPath = ({ directory }: SocketFolder, worker: WorkerId): string =>
  process.platform === 'win32' ? `\\\\.\\pipe\\${basename(directory)}-${worker}` : join(directory, `${worker}.socket`)

const markPath = ({ directory }: SocketFolder, worker: WorkerId): string => join(directory, `${worker}.json`)

/** Says which process a worker is, before it listens. */
export function enterSocketFolder(folder: SocketFolder, worker: WorkerId): void {
  writeFileSync(markPath(folder, worker), JSON.stringify(ownMark()))
}

/** The processes of the workers that have entered and not left. */
export function marksIn(folder: SocketFolder): Map<WorkerId, ProcessMark> {
  const marks = new Map<WorkerId, ProcessMark>()
  for (const name of listOf(folder)) {
    const worker = /^(\d+)\.json$/.exec(name)?.[1]
    const mark = worker === undefined ? undefined : readMark(folder, Number(worker))
    if (mark !== undefined) marks.set(Number(worker), mark)
  }
  return marks
}

function readMark(folder: SocketFolder, worker: WorkerId): ProcessMark | undefined {
  try {
    return JSON.parse(readFileSync(markPath(folder, worker), 'utf8')) as ProcessMark
  } catch {
    // It was killed while it wrote that, and so never listened.
    return undefined
  }
}

function listOf({ directory }: SocketFolder): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Removes what a worker has in the folder, and the folder with the last one. */
export function leaveSocketFolder(folder: SocketFolder, worker: WorkerId): void {
  for (const path of [socketPath(folder, worker), markPath(folder, worker)]) rmSync(path, { force: true })
  if (listOf(folder).every((name) => name === tokenFile)) removeSocketFolder(folder)
}
