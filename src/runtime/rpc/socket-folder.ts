import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { WorkerId } from '../orders.ts'

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

/** Longest path of a folder in which the sockets of 10^8 workers have paths that are short enough. */
const folderLimit = 90
const tokenFile = 'token'

export function makeSocketFolder(): SocketFolder {
  const usual = join(tmpdir(), 'millrace-')
  // Its mode is 0700 from the first moment on.
  const directory = mkdtempSync(Buffer.byteLength(usual) > folderLimit - 6 ? '/tmp/millrace-' : usual)
  const token = randomBytes(32).toString('hex')
  writeFileSync(join(directory, tokenFile), token, { mode: 0o600, flag: 'wx' })
  return { directory, token }
}

export function removeSocketFolder({ directory }: SocketFolder): void {
  rmSync(directory, { recursive: true, force: true })
}

/** Where a worker listens. Windows has sockets that processes find by a path in a namespace of their own only. */
export const socketPath = ({ directory }: SocketFolder, worker: WorkerId): string =>
  process.platform === 'win32' ? `\\\\.\\pipe\\${basename(directory)}-${worker}` : join(directory, `${worker}.socket`)

/** Removes what a worker has in the folder, and the folder with the last one. */
export function leaveSocketFolder(folder: SocketFolder, worker: WorkerId): void {
  rmSync(socketPath(folder, worker), { force: true })
  try {
    if (readdirSync(folder.directory).every((name) => name === tokenFile)) removeSocketFolder(folder)
  } catch {
    // Another one was faster.
  }
}
