import { type MillraceError, resourceError, runError, sinkError } from '../base/errors.ts'

let failure: NodeJS.ErrnoException | undefined
let wake: (() => void) | undefined

/**
 * Takes notice when standard output fails, for the life of the process. A reader that has gone, as `head` does, is no error: the rest is not
 * written. Standard error has nowhere to complain to.
 */
export function guardStandardStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error
    wake?.()
  })
  process.stdout.on('drain', () => wake?.())
  process.stderr.on('error', () => {})
}

/** Has nothing gone wrong with standard output so far? */
export const canWriteOut = (): boolean => failure === undefined

/**
 * Writes pieces of text to standard output and resolves when all of them are out, waiting for a slow reader; ends early when it has gone.
 *
 * @throws MillraceError `RESOURCE_DISK_FULL`, `SINK_UNWRITABLE`; `RUN_CANCELLED` when `signal` says so.
 */
export async function writeOut(pieces: Iterable<string | Uint8Array>, signal?: AbortSignal): Promise<void> {
  const onAbort = (): void => wake?.()
  signal?.addEventListener('abort', onAbort)
  try {
    for (const piece of pieces) {
      if (failure !== undefined) break
      await written(piece)
      if (signal?.aborted === true) throw runError('RUN_CANCELLED', 'the command was stopped')
    }
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
  if (failure !== undefined && failure.code !== 'EPIPE') throw unwritable(failure)
}

/** Resolves when the piece has left, when it never will, or when someone else wants attention. */
async function written(piece: string | Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  wake = resolve
  // The stream's own answer tells of a full buffer only, and that may come before the error.
  process.stdout.write(piece, () => resolve())
  await promise
  wake = undefined
}

const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EFBIG', 'EDQUOT'])

/** What to say of standard output that failed. */
export function unwritable(cause: NodeJS.ErrnoException): MillraceError {
  if (!fullCodes.has(cause.code)) return sinkError('SINK_UNWRITABLE', `cannot write standard output: ${cause.message}`, { cause })
  return resourceError('RESOURCE_DISK_FULL', `cannot write standard output: the disk is full (${cause.code})`, {
    hint: 'free some space and run again',
    cause,
  })
}
