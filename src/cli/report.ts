import pc from 'picocolors'
import type { Painter } from '../base/code-frame.ts'
import { describeError } from '../base/describe-error.ts'
import { asMillraceError, bug, MillraceError } from '../base/errors.ts'

/** How an error is told. */
export interface ReportContext {
  /** JSON on standard output, for scripts, instead of text on standard error. */
  json?: boolean
  /** Texts of the program by file, for code frames. */
  sources?: Readonly<Record<string, string>>
}

const painter: Painter = { error: (text) => pc.red(pc.bold(text)), note: pc.cyan, help: pc.green, bold: pc.bold }

/** Prints an error and sets the exit code. Only our own defects print a stack. */
export function reportError(thrown: unknown, context: ReportContext): void {
  const error = asMillraceError(thrown, (message, cause) => bug(message, { cause }))
  process.exitCode = signalExit() ?? error.exitCode
  if (context.json === true) process.stdout.write(`${JSON.stringify(errorAnswer(error))}\n`)
  else process.stderr.write(`${describeError(error, context.sources, painter)}\n`)
  if (error.code === 'BUG_INVARIANT') process.stderr.write(`${stackOf(thrown)}\n`)
}

const stackOf = (thrown: unknown): string => {
  const origin = thrown instanceof MillraceError && thrown.details.cause instanceof Error ? thrown.details.cause : thrown
  return origin instanceof Error ? (origin.stack ?? '') : ''
}

/** The errors as one JSON object: the first under `error`, all of them under `errors` when there are several. */
export function errorAnswer(error: MillraceError): object {
  const all = error.errors.map(one)
  return all.length === 1 ? { error: all[0] } : { error: all[0], errors: all }
}

function one({ code, message, details }: MillraceError): object {
  const { at, hint, file, line, byteOffset } = details
  return {
    code,
    message,
    ...(at !== undefined && at.line > 0 ? { file: at.file, line: at.line, column: at.column } : {}),
    ...(file === undefined ? {} : { data: { file, line, byteOffset } }),
    ...(hint === undefined ? {} : { hint }),
  }
}

let signal: 'SIGINT' | 'SIGTERM' | undefined
const signalExits = { SIGINT: 130, SIGTERM: 143 } as const
const signalExit = (): number | undefined => (signal === undefined ? undefined : signalExits[signal])

/**
 * An abort signal that Ctrl-C and SIGTERM raise, so that a run can clean up after itself; a second one ends the process at once.
 */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (signal !== undefined) process.exit(signalExits[name])
      signal = name
      controller.abort()
    })
  }
  return controller.signal
}
