import { pathToFileURL } from 'node:url'
import { type MillraceError, usageError } from '../base/errors.ts'
import type { Place } from '../base/place.ts'
import { registerModuleHooks } from './module-hooks.ts'

/** Imports a user's module; what goes wrong is `USAGE_MODULE` with the place where it can be told. */
export async function importUserModule(url: string): Promise<Record<string, unknown>> {
  registerModuleHooks()
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (thrown) {
    throw moduleError(url, thrown)
  }
}

export const moduleUrl = (path: string): string => pathToFileURL(path).href

const hints: Readonly<Record<string, string>> = {
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    'Node.js runs TypeScript by removing types: enum, namespace, parameter properties and <T>x have no such form; use `erasableSyntaxOnly` in tsconfig.json to find them',
  ERR_MODULE_NOT_FOUND:
    'imports need the file extension (`./x.ts`), and packages must be installed; paths of tsconfig.json are not known to Node.js',
  ERR_UNKNOWN_FILE_EXTENSION: '.tsx files cannot be run; use .ts',
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING: 'packages under node_modules must be published as JavaScript',
}

function moduleError(url: string, thrown: unknown): MillraceError {
  if (isMillraceError(thrown)) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const code = (error as { code?: string }).code
  const at = placeOf(error) ?? {
    file: url.startsWith('file:') ? decodeURIComponent(new URL(url).pathname) : url,
    line: 0,
    column: 0,
  }
  const hint = code !== undefined && Object.hasOwn(hints, code) ? hints[code] : typeImportHint(error)
  return usageError('USAGE_MODULE', `the module could not be loaded: ${error.message.split('\n')[0]}`, { at, hint, cause: error })
}

// An error of another copy of this package has another class: it is told by its shape.
const isMillraceError = (thrown: unknown): thrown is MillraceError =>
  thrown instanceof Error && thrown.name === 'MillraceError' && typeof (thrown as { code?: unknown }).code === 'string'

const typeImportHint = (error: Error): string | undefined =>
  error.message.includes('does not provide an export named') ? 'a type is imported with `import type`' : undefined

// Syntax errors print `file:line` first; errors thrown by the module name the file in a frame.
function placeOf(error: Error): Place | undefined {
  const stack = error.stack ?? ''
  const frame =
    /^(?:file:\/\/)?(\/[^\n]*?):(\d+)(?::(\d+))?$/m.exec(stack) ?? /(?:file:\/\/|\()(\/[^\n():]*):(\d+):(\d+)/.exec(stack)
  return frame === null
    ? undefined
    : { file: decodeURIComponent(frame[1]), line: Number(frame[2]), column: Number(frame[3] ?? 1) }
}
