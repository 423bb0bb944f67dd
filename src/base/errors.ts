import { type ErrorCode, exitCodeOf } from './error-codes.ts'
import type { Place } from './place.ts'

/** What an error may carry beside its code and its message. */
export interface ErrorDetails {
  /** Where in the user's program. */
  at?: Place
  /** Further places that explain the first one, each with its own words. */
  related?: readonly { at: Place; text: string }[]
  /** What to do about it, one sentence. */
  hint?: string
  /** Data file, 1-based line and byte offset of the row that was bad. */
  file?: string
  line?: number
  byteOffset?: number
  /** Raw text of the bad row, cut at 200 characters by `describeError`. */
  text?: string
  /** Operator, stage or function that failed. */
  operator?: string
  /** May the same attempt succeed when it is tried again? Only run errors are ever retried. */
  retryable?: boolean
  /** What another task of the run had made and is gone: that task can make it again. */
  lostOutput?: LostOutput
  cause?: unknown
}

/** The output of an attempt of a task, named by the exchange it was for. */
export interface LostOutput {
  exchange: number
  task: number
  attempt: number
}

/** Every error that millrace reports: a stable code, one message, and where it came from. */
export class MillraceError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails
  /** All errors of a failed check, this one first. */
  readonly errors: readonly MillraceError[]

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, errors: readonly MillraceError[] = []) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'MillraceError'
    this.code = code
    this.details = details
    this.errors = errors.length > 0 ? errors : [this]
  }

  /** What the command line ends with. */
  get exitCode(): number {
    return exitCodeOf(this.code)
  }
}

type Codes<Area extends string> = Extract<ErrorCode, `${Area}_${string}`>
const maker =
  <Area extends string>() =>
  (code: Codes<Area>, message: string, details?: ErrorDetails): MillraceError =>
    new MillraceError(code, message, details)

export const flowError = maker<'FLOW'>()
export const planError = maker<'PLAN'>()
export const usageError = maker<'USAGE'>()
export const dataError = maker<'DATA'>()
export const sourceError = maker<'SOURCE'>()
export const sinkError = maker<'SINK'>()
export const runError = maker<'RUN'>()
export const resourceError = maker<'RESOURCE'>()

/** An error of our own: the message asks for a report. */
export function bug(message: string, details?: ErrorDetails): MillraceError {
  return new MillraceError('BUG_INVARIANT', message, { hint: 'this is a defect in millrace; please report it', ...details })
}

/** Several errors found together; the first one leads. */
export function manyErrors(errors: readonly MillraceError[]): MillraceError {
  const first = errors[0]
  return errors.length === 1 ? first : new MillraceError(first.code, first.message, first.details, errors)
}

/** A thrown Proxy may throw again when it is looked at. */
export function isMillraceError(thrown: unknown): thrown is MillraceError {
  try {
    return thrown instanceof MillraceError
  } catch {
    return false
  }
}

/** Turns anything thrown into a MillraceError, leaving one that already is alone. */
export function asMillraceError(thrown: unknown, wrap: (message: string, cause: unknown) => MillraceError): MillraceError {
  if (isMillraceError(thrown)) return thrown
  return wrap(thrownMessage(thrown), thrown)
}

/** What a thrown value says. Anything can be thrown, also an object that has no text, such as one without a prototype. */
export function thrownMessage(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown)
  } catch {
    return typeof thrown === 'object' ? '[object Object]' : typeof thrown
  }
}

/** An error with this place, if it has none yet: functions and connectors do not know where they were called. */
export function withPlace(thrown: unknown, at: Place | undefined): unknown {
  if (at === undefined || !isMillraceError(thrown) || thrown.details.at !== undefined) return thrown
  return new MillraceError(thrown.code, thrown.message, { ...thrown.details, at })
}

/** The JSON form of an error, which crosses threads and appears in `--format json`. */
export interface ErrorRecord {
  code: ErrorCode
  message: string
  details: Omit<ErrorDetails, 'cause'>
  errors?: readonly ErrorRecord[]
}

export function toErrorRecord(error: MillraceError): ErrorRecord {
  const { cause: _, ...details } = error.details
  const others = error.errors.filter((other) => other !== error)
  return {
    code: error.code,
    message: error.message,
    details,
    ...(others.length > 0 ? { errors: others.map(toErrorRecord) } : {}),
  }
}

export function fromErrorRecord(record: ErrorRecord): MillraceError {
  const others = (record.errors ?? []).map(fromErrorRecord)
  const first = new MillraceError(record.code, record.message, record.details)
  return others.length === 0 ? first : new MillraceError(record.code, record.message, record.details, [first, ...others])
}
