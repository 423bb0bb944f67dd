import { existsSync, realpathSync } from 'node:fs'
import { dirname, extname, isAbsolute, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suggest } from '../../base/did-you-mean.ts'
import { asMillraceError, flowError, MillraceError, usageError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { formatType, type Type } from '../../data/type.ts'
import type { FnRef } from '../../ir/expr.ts'
import { typeResolver } from '../bind/types.ts'
import { callableOf, isScalarDefinition } from '../define-function.ts'
import { analyseFunction } from '../fn-analysis.ts'
import type { TypeSyntax } from '../syntax.ts'
import { parseType } from './parse.ts'
import type { FlowFunction, FlowProgram } from './program.ts'
import type { ImportItem, ImportStatement } from './statements.ts'

/** The file that an import names: relative to the importing file, inside the project once links are followed. */
export function resolveImport(program: FlowProgram, from: string, statement: ImportStatement): string {
  const { path, pathAt: at } = statement
  if (!path.startsWith('./') && !path.startsWith('../')) {
    throw flowError('FLOW_IMPORT_NOT_FOUND', `an import is a path that starts with './' or '../', found '${path}'`, {
      at,
      hint: `did you mean './${path}'?`,
    })
  }
  const target = resolve(dirname(resolve(from)), path)
  const { projectRoot } = program.context
  if (!isInside(followLinks(projectRoot), followLinks(target))) {
    throw flowError('FLOW_IMPORT_OUTSIDE', `the import '${path}' leaves the project folder '${projectRoot}'`, { at })
  }
  return target
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** The path without links; what does not exist keeps its name below the nearest folder that does. */
function followLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path)
  const above = dirname(path)
  return above === path ? path : resolve(followLinks(above), relative(above, path))
}

/** Imports functions of a module: descriptors of `defineScalar`, or plain functions whose signature stands in the import. */
export async function importFunctions(program: FlowProgram, path: string, statement: ImportStatement): Promise<void> {
  const module = await loadModule(program, path, statement)
  const resolveType = typeResolver([...program.types].map(([name, { type }]) => ({ name, type })))
  for (const item of statement.items) {
    try {
      importFunction(program, pathToFileURL(path).href, module, item, statement, resolveType)
    } catch (thrown) {
      if (!(thrown instanceof MillraceError)) throw thrown
      program.errors.push(thrown)
    }
  }
}

async function loadModule(program: FlowProgram, path: string, statement: ImportStatement): Promise<Record<string, unknown>> {
  if (!existsSync(path))
    throw flowError('FLOW_IMPORT_NOT_FOUND', `there is no file '${statement.path}'`, {
      at: statement.pathAt,
      hint: `imports start from the importing file: ${path}`,
    })
  try {
    return await program.context.importModule(pathToFileURL(path).href)
  } catch (thrown) {
    throw moduleFailure(thrown, statement)
  }
}

/** The same error as one of the import: with the module's own place where that is known, and where it was imported. */
function moduleFailure(thrown: unknown, statement: ImportStatement): MillraceError {
  const { message, details } = asMillraceError(thrown, (text, cause) => usageError('USAGE_MODULE', text, { cause }))
  const isPlaced = details.at !== undefined && details.at.line > 0
  const reason = message.split('\n', 1)[0].replace(/^the module could not be loaded: /, '')
  return flowError('FLOW_IMPORT_FAILED', `'${statement.path}' could not be loaded: ${reason}`, {
    at: isPlaced ? details.at : statement.pathAt,
    ...(isPlaced ? { related: [{ at: statement.pathAt, text: 'imported here' }] } : {}),
    hint: details.hint,
    cause: thrown,
  })
}

function importFunction(
  program: FlowProgram,
  module: string,
  exports: Record<string, unknown>,
  item: ImportItem,
  statement: ImportStatement,
  resolveType: (type: TypeSyntax) => Type,
): void {
  const { name, at } = item.name
  const local = item.alias ?? item.name
  if (!Object.hasOwn(exports, name)) {
    const names = Object.keys(exports)
    const hint = suggest(
      name,
      names,
      names.length === 0 ? 'the module exports nothing' : `its exports are ${names.slice(0, 10).join(', ')}`,
    )
    throw flowError('FLOW_IMPORT_NOT_FOUND', `'${statement.path}' has no export '${name}'`, { at, hint })
  }
  const { args, returns } = signatureOf(exports[name], item, resolveType)
  const known = program.imports.get(local.name)
  if (known !== undefined) {
    if (known.fn.module === module && known.fn.export === name) return
    const related = [{ at: known.at, text: 'first imported here' }]
    throw flowError('FLOW_DUPLICATE_NAME', `two functions are imported as '${local.name}'`, {
      at: local.at,
      related,
      hint: 'rename one with as',
    })
  }
  const fn = refOf(program, module, name, exports[name], args, returns)
  program.imports.set(local.name, { name: local.name, fn, kind: 'scalar', args, returns, at: local.at })
}

function signatureOf(value: unknown, item: ImportItem, resolveType: (type: TypeSyntax) => Type): { args: Type[]; returns: Type } {
  const { name, at } = item.name
  const written = item.signature && { args: item.signature.args.map(resolveType), returns: resolveType(item.signature.returns) }
  if (isScalarDefinition(value)) {
    const declared = {
      args: value.args.map((text) => resolveType(parseType(text, at))),
      returns: resolveType(parseType(value.returns, at)),
    }
    if (written === undefined || formatSignature(written) === formatSignature(declared)) return declared
    throw flowError(
      'FLOW_IMPORT_SIGNATURE',
      `'${name}' is declared as ${formatSignature(declared)}, found ${formatSignature(written)}`,
      { at, hint: 'leave the signature out' },
    )
  }
  if (typeof value !== 'function')
    throw flowError('FLOW_IMPORT_SIGNATURE', `expected a function, '${name}' is ${describeValue(value)}`, { at })
  if (written !== undefined) return written
  const params = Array.from({ length: value.length }, () => 'string').join(', ')
  const hint = `write the types, such as ${name}(${params}) returns string, or define it with defineScalar`
  throw flowError('FLOW_IMPORT_SIGNATURE', `the types of '${name}' are not known: it is a plain function`, { at, hint })
}

const formatSignature = ({ args, returns }: { args: readonly Type[]; returns: Type }): string =>
  `(${args.map(formatType).join(', ')}) returns ${formatType(returns)}`

const describeValue = (value: unknown): string =>
  value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`

/** One reference an export, however often and under whatever names it is imported. */
function refOf(program: FlowProgram, module: string, name: string, value: unknown, args: readonly Type[], returns: Type): FnRef {
  const known = [...program.imports.values()].find(({ fn }) => fn.module === module && fn.export === name)
  if (known !== undefined) return known.fn
  const definition = isScalarDefinition(value) ? value : undefined
  const analysed = analyseFunction(definition?.user ?? (value as Function))
  const id = program.functions.size
  program.functions.set(id, callableOf(definition ?? (value as FlowFunction)))
  return {
    id,
    label: name,
    module,
    export: name,
    // Negative: an export is found by its name, no place in a build order stands for it.
    ordinal: -1 - id,
    sourceHash: analysed.sourceHash,
    reads: 'all',
    // What an exported function takes from around it belongs to its module, which the reference names.
    captures: [],
    capturesKnown: analysed.capturesKnown,
    deterministic: definition?.deterministic ?? analysed.deterministic,
    effects: false,
    kind: 'function',
    args,
    returns,
  }
}

/** Is this path one of a text program, or of a module? */
export function importKind(path: string, at: Place): 'flow' | 'module' {
  const extension = extname(path)
  if (extension === '.flow') return 'flow'
  if (/^\.[cm]?[jt]s$/.test(extension)) return 'module'
  throw flowError('FLOW_IMPORT_NOT_FOUND', `expected a .flow, .ts or .js file, found '${path}'`, {
    at,
    hint: extension === '' ? `did you mean '${path}.ts'?` : undefined,
  })
}
