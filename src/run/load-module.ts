import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type MillraceError, usageError } from '../base/errors.ts'
import type { Place } from '../base/place.ts'
import { userFrame } from '../base/stack.ts'
import { registerModuleHooks, userModules } from './module-hooks.ts'

/** Imports a user's module; what goes wrong is `USAGE_MODULE` with the place where it can be told. */
export async function importUserModule(url: string): Promise<Record<string, unknown>> {
  registerModuleHooks()
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (thrown) {
    throw await moduleError(url, thrown)
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

async function moduleError(url: string, thrown: unknown): Promise<MillraceError> {
  if (isMillraceError(thrown)) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const code = (error as { code?: string }).code
  const at = placeInUserCode(error) ??
    (error instanceof SyntaxError ? await placeOfSyntaxError() : undefined) ?? {
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

/**
 * Where in the user's modules an error is from. Syntax errors print `file:line`, the line and a caret under it first; what is thrown names files in
 * its frames; an import that is not found names the module that asks for it in its message.
 */
export function placeInUserCode(error: Error): Place | undefined {
  const stack = error.stack ?? ''
  // The number is that of the marked line; the one before it may be shown, too.
  const syntax = /^(?:file:\/\/)?(\/[^\n]*?):(\d+)\n(?:(?:[^\n]*\n){1,2}?([ \t]*)\^)?/.exec(stack)
  // There is no caret under what is missing at the end of the text.
  if (syntax !== null)
    return { file: decodeURIComponent(syntax[1]), line: Number(syntax[2]), column: (syntax[3] ?? '').length + 1 }
  const importer = /^Cannot find (?:module|package) '([^']*)' imported from (.*)$/m.exec(error.message)
  if (importer !== null) return placeOfImport(importer[2], basename(importer[1]))
  return userFrame(error)
}

/** The first module that was loaded and is no JavaScript. */
async function placeOfSyntaxError(): Promise<Place | undefined> {
  const { syntaxErrorIn } = await import('../dsl/syntax-place.ts')
  for (const file of Object.keys(userModules()).filter((path) => /\.m?js$/.test(path))) {
    const place = syntaxErrorIn(readFileSync(file, 'utf8'))
    if (place !== undefined) return { file, ...place }
  }
  return undefined
}

function placeOfImport(file: string, name: string): Place {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split(/\r?\n/) : []
  const line = lines.findIndex((text) => /\b(?:import|from|require)\b/.test(text) && text.includes(name))
  return line < 0 ? { file, line: 0, column: 0 } : { file, line: line + 1, column: lines[line].indexOf(name) + 1 }
}
