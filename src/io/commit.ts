import { join } from 'node:path'
import { invariant } from '../base/assert.ts'
import { sinkError } from '../base/errors.ts'
import type { Disk } from '../base/host.ts'
import type { StagedPart } from './connector.ts'
import { exists, type SinkTarget, writable } from './sink-target.ts'

/** Path of the staged file of one attempt. Parts of a folder are staged in a hidden folder, which becomes the target as a whole. */
export function stagedPath(target: SinkTarget, runId: string, partition: number, attempt: number): string {
  if (!target.isFolder) return join(target.folder, `${target.prefix(runId)}${partition}.${attempt}.part`)
  return join(stagedFolder(target, runId), `${partition}.${attempt}.part`)
}

const stagedFolder = (target: SinkTarget, runId: string): string => join(target.folder, `${target.prefix(runId)}parts`)
const replacedFolder = (target: SinkTarget, runId: string): string => join(target.folder, `${target.prefix(runId)}replaced`)

/**
 * Makes staged parts visible under the final name by one rename. Every operation leaves a state from which a repeated call goes on: what was renamed is
 * no longer where it was staged, and when nothing is staged any more all has been done.
 */
export function commitParts(
  target: SinkTarget,
  parts: readonly StagedPart[],
  runId: string,
  extension: string,
  disk: Disk,
): void {
  writable(target.path, () => {
    if (target.isFolder) commitFolder(target, parts, runId, extension, disk)
    else commitFile(target, parts, disk)
    disk.syncDirectory(target.folder)
  })
}

function commitFile(target: SinkTarget, parts: readonly StagedPart[], disk: Disk): void {
  invariant(parts.length === 1, 'a file has one part')
  const [{ path }] = parts
  const isThere = disk.stat(target.path) !== undefined
  if (disk.stat(path) === undefined) return requireTarget(target, isThere)
  if (isThere && !target.overwrite) throw exists(target)
  disk.rename(path, target.path)
}

function commitFolder(target: SinkTarget, parts: readonly StagedPart[], runId: string, extension: string, disk: Disk): void {
  const staged = stagedFolder(target, runId)
  const replaced = replacedFolder(target, runId)
  if (disk.stat(staged) === undefined) requireTarget(target, disk.stat(target.path) !== undefined)
  else {
    if (disk.stat(target.path) !== undefined && !target.overwrite) throw exists(target)
    finishFolder(target, staged, parts, extension, disk)
    if (disk.stat(target.path) !== undefined) disk.rename(target.path, replaced)
    disk.rename(staged, target.path)
  }
  disk.remove(replaced)
}

/** Gives the parts their names, removes the output of attempts that lost, and adds the marker of a whole folder. */
function finishFolder(target: SinkTarget, staged: string, parts: readonly StagedPart[], extension: string, disk: Disk): void {
  const names = new Set(['_SUCCESS'])
  for (const { path, partition } of parts) {
    const name = `part-${String(partition).padStart(5, '0')}.${extension}`
    names.add(name)
    if (disk.stat(path) !== undefined) disk.rename(path, join(staged, name))
    else requireTarget(target, disk.stat(join(staged, name)) !== undefined)
  }
  for (const name of disk.list(staged)) if (!names.has(name)) disk.remove(join(staged, name))
  const markerPath = join(staged, '_SUCCESS')
  if (disk.stat(markerPath) === undefined) {
    const marker = disk.create(markerPath)
    marker.sync()
    marker.close()
  }
  disk.syncDirectory(staged)
}

function requireTarget(target: SinkTarget, isThere: boolean): void {
  if (!isThere) throw sinkError('SINK_UNWRITABLE', `what was staged for '${target.path}' is gone`, { hint: 'run again' })
}

/** Removes all that a run staged. A folder that was to be replaced and is not comes back. */
export function discardParts(target: SinkTarget, runId: string, disk: Disk): void {
  writable(target.path, () => {
    if (disk.stat(target.folder)?.isDirectory !== true) return
    const replaced = replacedFolder(target, runId)
    if (disk.stat(replaced) !== undefined && disk.stat(target.path) === undefined) disk.rename(replaced, target.path)
    const names = disk.list(target.folder).filter((name) => name.startsWith(target.prefix(runId)) || name === target.probe)
    for (const name of names) disk.remove(join(target.folder, name))
    // Before the folder of the run goes, which tells whose they are.
    if (names.length > 0) disk.syncDirectory(target.folder)
  })
}
