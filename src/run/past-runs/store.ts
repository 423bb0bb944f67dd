import { crc32 } from 'node:zlib'
import { usageError } from '../../base/errors.ts'
import type { Disk } from '../../base/host.ts'
import { isAlive } from '../../runtime/process-life.ts'
import type { PastRun, RunStatus } from './past-run.ts'

/** Records that are kept in a project. */
const keptRuns = 100

const ending = '.json'
const unfinished = '.json.new'
const pathOf = (folder: string, id: string): string => `${folder}/${id}${ending}`

const checksumOf = (run: PastRun): number => crc32(JSON.stringify(run))

/** Puts a record in the place of an earlier one of the same run, whole or not at all. */
export function writePastRun(disk: Disk, folder: string, run: PastRun): void {
  const path = `${folder}/${run.id}${unfinished}`
  disk.makeDirectory(folder)
  disk.remove(path)
  const file = disk.create(path)
  try {
    file.write(new TextEncoder().encode(`${JSON.stringify({ ...run, checksum: checksumOf(run) })}\n`))
  } finally {
    file.close()
  }
  disk.rename(path, pathOf(folder, run.id))
}

/** The record of a run; undefined when there is none, or none that can be read. */
export function readPastRun(disk: Disk, folder: string, id: string): PastRun | undefined {
  try {
    const path = pathOf(folder, id)
    const { sizeBytes } = disk.stat(path) ?? { sizeBytes: 0 }
    const bytes = new Uint8Array(sizeBytes)
    const file = disk.openRead(path)
    try {
      for (let at = 0; at < sizeBytes; ) {
        const count = file.read(bytes, at, sizeBytes - at, at)
        if (count === 0) return undefined
        at += count
      }
    } finally {
      file.close()
    }
    const { checksum, ...run } = JSON.parse(new TextDecoder().decode(bytes)) as PastRun & { checksum: unknown }
    // Whatever it is that has the checksum was written here, and so has the shape.
    return run.version === 1 && run.id === id && checksum === checksumOf(run) ? run : undefined
  } catch {
    return undefined
  }
}

/** Ids of all records, newest first: they begin with the time in a fixed width. */
function pastRunIds(disk: Disk, folder: string): string[] {
  return namesIn(disk, folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort()
    .reverse()
}

/** All records that can be read, newest first. */
export function listPastRuns(disk: Disk, folder: string): PastRun[] {
  return pastRunIds(disk, folder).flatMap((id) => readPastRun(disk, folder, id) ?? [])
}

/**
 * The record of the run whose id begins like this.
 *
 * @throws MillraceError `USAGE_RUN` when there is none, or several.
 */
export function findPastRun(disk: Disk, folder: string, prefix: string): PastRun {
  const ids = pastRunIds(disk, folder)
  const found = ids.filter((id) => id === prefix || (prefix !== '' && id.startsWith(prefix)))
  const exact = found.find((id) => id === prefix)
  if (exact === undefined && found.length > 1) {
    throw usageError('USAGE_RUN', `${found.length} runs begin alike, with '${prefix}'`, {
      hint: `give more of the name: ${found.slice(0, 3).join(', ')}${found.length > 3 ? ', ...' : ''}`,
    })
  }
  const run = found.length === 0 ? undefined : readPastRun(disk, folder, exact ?? found[0])
  if (run === undefined) {
    throw usageError('USAGE_RUN', `there is no run '${prefix}'`, {
      hint: ids.length === 0 ? `no run has left a record in ${folder}` : `see millrace runs; the newest is ${ids[0]}`,
    })
  }
  return run
}

/** Removes all but the newest records, and what was left of one that a killed process was writing. Whatever cannot be removed stays. */
export function prunePastRuns(disk: Disk, folder: string): void {
  const [own] = pastRunIds(disk, folder)
  const old = pastRunIds(disk, folder)
    .slice(keptRuns)
    .map((id) => id + ending)
  // A name below that of the newest run is of an earlier one; only its process, which would rename it, can still want it.
  const halves = namesIn(disk, folder).filter((name) => name.endsWith(unfinished) && name < `${own}`)
  for (const name of [...old, ...halves]) {
    try {
      disk.remove(`${folder}/${name}`)
    } catch {}
  }
}

/** A run that has not said how it ended is running only as long as its process is. */
export const statusOf = ({ status, process }: PastRun): RunStatus =>
  status === 'running' && !isAlive(process) ? 'killed' : status

function namesIn(disk: Disk, folder: string): readonly string[] {
  try {
    return disk.list(folder)
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw thrown
  }
}
