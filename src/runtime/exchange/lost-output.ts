import { isMillraceError, type LostOutput, MillraceError } from '../../base/errors.ts'

/** Reads from a file that another task left: whoever made it can make it again when it is gone or damaged; other troubles with a disk stay what they are. */
export function fromProducer<T>(lostOutput: LostOutput, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    if (!isMillraceError(thrown)) throw thrown
    const isGone = (thrown.details.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
    if (thrown.code !== 'DATA_CORRUPT' && !isGone) throw thrown
    throw new MillraceError(thrown.code, thrown.message, { ...thrown.details, lostOutput })
  }
}
