import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import pc from 'picocolors'
import type { Painter } from '../base/code-frame.ts'
import { describeError } from '../base/describe-error.ts'
import { asMillraceError, bug, MillraceError } from '../base/errors.ts'
import { signalExit } from './signals.ts'
import { canWriteOut } from './standard-output.ts'

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
  const shown = withShortPaths(error)
  if (context.json === true && canWriteOut()) process.stdout.write(`${JSON.stringify(errorAnswer(shown))}\n`)
  else process.stderr.write(`${describeError(shown, sourcesOf(error, context.sources ?? {}), painter)}\n`)
  if (error.code === 'BUG_INVARIANT') process.stderr.write(`${stackOf(thrown)}\n`)
}

/** Paths below the working directory are shown as they would be typed. */
function withShortPaths(error: MillraceError): MillraceError {
  const shorten = (each: MillraceError): MillraceError => {
    const { at, related, ...details } = each.details
    return new MillraceError(each.code, each.message, {
      ...details,
      ...(at === undefined ? {} : { at: { ...at, file: shortPath(at.file) } }),
      ...(related === undefined
        ? {}
        : { related: related.map((one) => ({ ...one, at: { ...one.at, file: shortPath(one.at.file) } })) }),
    })
  }
  const [first, ...others] = error.errors.map(shorten)
  return others.length === 0 ? first : new MillraceError(first.code, first.message, first.details, [first, ...others])
}

/** A path below the working directory as it would be typed. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return path === '' || short.startsWith('..') ? path : short
}

/** Texts of all files that the error points into: those the program brought along, else read now. */
function sourcesOf(error: MillraceError, known: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const files = error.errors
    .flatMap(({ details: { at, related = [] } }) => [at, ...related.map((one) => one.at)])
    .flatMap((at) => (at === undefined ? [] : [at.file]))
  const texts = [...new Set(files)].flatMap((file): [string, string][] => {
    const text = Object.hasOwn(known, file)
      ? known[file]
      : file !== '' && existsSync(file)
        ? readFileSync(file, 'utf8')
        : undefined
    return text === undefined ? [] : [[shortPath(file), text]]
  })
  return Object.fromEntries(texts)
}

const stackOf = (thrown: unknown): string => {
  const origin = thrown instanceof MillraceError && thrown.details.cause instanceof Error ? thrown.details.cause : thrown
  return origin instanceof Error ? (origin.stack ?? '') : ''
}

/** The errors as one JSON object: the first under `error`, all of them under `errors` when there are several. */
function errorAnswer(error: MillraceError): object {
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
