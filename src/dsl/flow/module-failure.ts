import { flowError, MillraceError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { ImportStatement } from './statements.ts'

const hints: Readonly<Record<string, string>> = {
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    'Node.js removes types and runs the rest: enum, namespace, parameter properties and <T>x are not possible',
  ERR_MODULE_NOT_FOUND: 'an import needs the whole file name with its extension, and packages must be installed',
  ERR_UNKNOWN_FILE_EXTENSION: '.tsx files cannot be run; use .ts',
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING: 'packages under node_modules must be published as JavaScript',
}

/** An error of loading a user's module: its message and its own place, never a stack trace. */
export function moduleFailure(thrown: unknown, path: string, statement: ImportStatement): MillraceError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const reported = error instanceof MillraceError ? error.details : {}
  const at = reported.at !== undefined && reported.at.line > 0 ? reported.at : placeInStack(error, path)
  const code = (error as { code?: unknown }).code
  const hint = reported.hint ?? (typeof code === 'string' && Object.hasOwn(hints, code) ? hints[code] : typeImportHint(error))
  const related = at === undefined ? [] : [{ at: statement.pathAt, text: 'imported here' }]
  const reason = error.message.split('\n', 1)[0].replace(/^the module could not be loaded: /, '')
  return flowError('FLOW_IMPORT_FAILED', `'${statement.path}' could not be loaded: ${reason}`, {
    at: at ?? statement.pathAt,
    ...(related.length > 0 ? { related } : {}),
    ...(hint ? { hint } : {}),
    cause: error,
  })
}

const typeImportHint = (error: Error): string | undefined =>
  error.message.includes('does not provide an export named') ? 'a type is imported with import type' : undefined

/** Syntax errors name `file:line` in the first line of the stack; errors thrown by the module name the file in a frame. */
function placeInStack(error: Error, path: string): Place | undefined {
  const stack = error.stack ?? ''
  const head = /^(?:file:\/\/)?(\/[^\n]*?):(\d+)(?::(\d+))?\n/.exec(stack)
  if (head !== null)
    return { file: decodeURIComponent(head[1]), line: Number(head[2]), column: Number(head[3] ?? caretColumn(stack)) }
  for (const frame of stack.matchAll(/(?:file:\/\/|\(|at )(\/[^\n():]*):(\d+):(\d+)/g)) {
    const file = decodeURIComponent(frame[1])
    if (file === path) return { file, line: Number(frame[2]), column: Number(frame[3]) }
  }
  return undefined
}

// The third line of a syntax error holds carets under the source line.
function caretColumn(stack: string): number {
  const carets = stack.split('\n', 3)[2] ?? ''
  return Math.max(1, carets.indexOf('^') + 1)
}
