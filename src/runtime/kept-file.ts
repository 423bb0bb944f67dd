import { MillraceError, resourceError } from '../base/errors.ts'
import type { Disk } from '../base/host.ts'

/**
 * Runs a call on a file that a run keeps for itself: journal, spilled rows, rows between stages, results. A disk that refuses is a matter of the
 * machine, not a defect: `RESOURCE_DISK_FAILED`.
 */
export function keptFile<T>(path: string, call: () => T): T {
  try {
    return call()
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw resourceError(
      'RESOURCE_DISK_FAILED',
      `cannot use '${path}', which the run needs for itself: ${(cause as Error).message}`,
      {
        hint: 'the folder .millrace beside package.json, or else in the working directory, must be writable',
        cause,
      },
    )
  }
}

/** Removes a file that the run needs no more. One that stays for now is no reason to fail: its folder goes later. */
export function removeKept(disk: Disk, path: string): void {
  try {
    disk.remove(path)
  } catch {}
}
