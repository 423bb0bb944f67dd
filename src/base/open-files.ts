import { type ErrorDetails, type MillraceError, resourceError } from './errors.ts'

/** Does an error's message say that the process (EMFILE) or the machine (ENFILE) may open no more files? Some calls tell it without the code. */
export const isTooManyOpenFiles = (message: string): boolean => /\bE[MN]FILE\b|too many open files/i.test(message)

/** @param what - what could not be done. */
export const tooManyOpenFiles = (what: string, details: ErrorDetails = {}): MillraceError =>
  resourceError('RESOURCE_OPEN_FILES', `${what}: too many files are open`, {
    hint: 'raise the limit with ulimit -n, run with fewer --workers, or raise --memory so that less is spilled',
    ...details,
  })
