import { dirname } from 'node:path'
import type { Disk } from './host.ts'

/** Makes a folder and those above it that are missing, so that all of them outlive a power cut. */
export function makeDurableFolder(disk: Disk, path: string): void {
  const made: string[] = []
  for (let folder = path; disk.stat(folder) === undefined && dirname(folder) !== folder; folder = dirname(folder))
    made.push(folder)
  if (made.length === 0) return
  disk.makeDirectory(path)
  // The name of a folder stands in the one above it.
  for (const folder of made.reverse()) disk.syncDirectory(dirname(folder))
}
