import { basename, resolve } from 'node:path'
import { exhaustive } from '../../base/assert.ts'
import { suggest } from '../../base/did-you-mean.ts'
import { flowError, MillraceError, manyErrors, planError } from '../../base/errors.ts'
import type { FnRef } from '../../ir/expr.ts'
import type { UnboundPlan, UnboundPort } from '../syntax.ts'
import { buildQuery, findDataset } from './build-query.ts'
import { importFunctions, importKind, resolveImport } from './imports.ts'
import { parseProgram } from './parse.ts'
import { type Dataset, duplicate, type FileScope, type FlowContext, type FlowFunction, FlowProgram } from './program.ts'
import { setOption } from './set-option.ts'
import type { ImportStatement, NameAt, Query, Statement } from './statements.ts'

export { parseExpression } from './parse.ts'
export type { FlowContext, FlowFunction } from './program.ts'

/**
 * Builds the plan of a `.flow` program. Names of columns and types of expressions are not looked at: the binder does that, for both front ends.
 *
 * A `let` becomes nodes that all its uses share. A bare query is an output, called by its dataset when it is `from name` alone, else `out1`,
 * `out2`, ... by its place among the outputs. Imported `.flow` files give their datasets and types; nothing of them runs by itself.
 *
 * @param file - path of the text; imports start from its folder. It need not exist.
 * @returns the plan and the live functions it refers to, by the id of their references.
 * @throws {@link MillraceError} `FLOW_*` with all errors found.
 */
export async function buildFlow(
  file: string,
  text: string,
  context: FlowContext,
): Promise<{ plan: UnboundPlan; functions: Map<FnRef['id'], FlowFunction> }> {
  const program = new FlowProgram(context)
  const files: Files = { loaded: new Map(), open: [resolve(file)] }
  await readFile(program, files, file, text, true)
  if (program.errors.length > 0) throw manyErrors(inTextOrder(program))
  return { plan: program.finish(basename(file)), functions: program.functions }
}

/** The files in the order in which they were read, their errors from top to bottom. */
function inTextOrder({ errors, sources }: FlowProgram): MillraceError[] {
  const files = Object.keys(sources)
  const key = ({ details: { at } }: MillraceError): number[] =>
    at === undefined ? [-1, 0, 0] : [files.indexOf(at.file), at.line, at.column]
  return [...errors].sort((a, b) => {
    const [left, right] = [key(a), key(b)]
    return left[0] - right[0] || left[1] - right[1] || left[2] - right[2]
  })
}

/** Imported files by path, and the chain of files whose imports are being read. */
interface Files {
  loaded: Map<string, FileScope>
  open: string[]
}

async function readFile(program: FlowProgram, files: Files, file: string, text: string, isMain: boolean): Promise<FileScope> {
  program.sources[file] = text
  const scope: FileScope = { file, datasets: new Map(), types: new Map() }
  const { statements, errors } = parseProgram(file, text)
  program.errors.push(...errors)
  if (errors.length > 0) return scope
  // Types and parameters hold for the whole file, so that they may stand below their use.
  for (const statement of statements) declare(program, scope, statement)
  for (const statement of statements) {
    if (statement.st === 'import') await caught(program, () => readImport(program, files, scope, statement))
  }
  const lets = letStatements(statements)
  for (const statement of statements) {
    if (statement.st === 'let') {
      const dataset = defineDataset(program, scope, statement, lets)
      // Datasets that nothing uses are checked too; those of imported files only when they are used. Each is made as it comes, so that a long
      // chain of them is no deep recursion.
      if (isMain) dataset.port()
    } else if (isMain && statement.st === 'set') setOption(program, statement)
    else if (isMain && statement.st === 'query') {
      checkOrder(program, scope, statement.query, lets)
      addOutput(program, scope, statement.query)
    }
  }
  return scope
}

function declare(program: FlowProgram, scope: FileScope, statement: Statement): void {
  switch (statement.st) {
    case 'param':
      return program.addParam(statement.param)
    case 'type':
      program.addType(statement.name.name, statement.type, statement.name.at)
      scope.types.set(statement.name.name, { type: statement.type, at: statement.name.at })
      return
    case 'import':
    case 'let':
    case 'set':
    case 'query':
      return
    default:
      return exhaustive(statement)
  }
}

/** Runs a part whose failure must not hide those of the other parts. */
async function caught(program: FlowProgram, part: () => Promise<void>): Promise<void> {
  try {
    await part()
  } catch (thrown) {
    if (!(thrown instanceof MillraceError)) throw thrown
    program.errors.push(...thrown.errors)
  }
}

async function readImport(program: FlowProgram, files: Files, scope: FileScope, statement: ImportStatement): Promise<void> {
  const path = resolveImport(program, scope.file, statement)
  if (importKind(path, statement.pathAt) === 'module') return importFunctions(program, path, statement)
  const imported = await loadFlow(program, files, path, statement)
  for (const item of statement.items) {
    if (item.signature !== undefined)
      throw flowError('FLOW_IMPORT_SIGNATURE', 'datasets and types take no signature', { at: item.name.at })
    importName(program, scope, imported, item.name, item.alias ?? item.name, statement)
  }
}

async function loadFlow(program: FlowProgram, files: Files, path: string, statement: ImportStatement): Promise<FileScope> {
  const { pathAt: at } = statement
  const known = files.loaded.get(path)
  if (known !== undefined) return known
  if (files.open.includes(path)) {
    const circle = [...files.open.slice(files.open.indexOf(path)), path].map((each) => basename(each)).join(' → ')
    throw flowError('FLOW_IMPORT_CYCLE', `files import each other: ${circle}`, { at })
  }
  let text: string
  try {
    text = await program.context.readFile(path)
  } catch (cause) {
    throw flowError('FLOW_IMPORT_NOT_FOUND', `there is no file '${statement.path}'`, {
      at,
      hint: `imports start from the importing file: ${path}`,
      cause,
    })
  }
  files.open.push(path)
  const scope = await readFile(program, files, path, text, false)
  files.open.pop()
  files.loaded.set(path, scope)
  return scope
}

function importName(
  program: FlowProgram,
  scope: FileScope,
  from: FileScope,
  name: NameAt,
  local: NameAt,
  statement: ImportStatement,
): void {
  const dataset = from.datasets.get(name.name)
  const type = from.types.get(name.name)
  if (dataset !== undefined) addDataset(program, scope, { ...dataset, name: local.name, at: local.at })
  else if (type !== undefined) {
    if (local.name !== name.name) program.addType(local.name, type.type, local.at)
    scope.types.set(local.name, type)
  } else if (program.errors.length === 0) {
    const names = [...from.datasets.keys(), ...from.types.keys()]
    const hint = suggest(
      name.name,
      names,
      names.length === 0 ? 'it defines no dataset and no type' : `it has ${names.join(', ')}`,
    )
    program.errors.push(
      flowError('FLOW_IMPORT_NOT_FOUND', `'${statement.path}' defines no '${name.name}'`, { at: name.at, hint }),
    )
  }
}

type LetStatement = Extract<Statement, { st: 'let' }>

function letStatements(statements: readonly Statement[]): ReadonlyMap<string, LetStatement> {
  return new Map(statements.flatMap((statement) => (statement.st === 'let' ? [[statement.name.name, statement] as const] : [])))
}

function defineDataset(
  program: FlowProgram,
  scope: FileScope,
  statement: LetStatement,
  lets: ReadonlyMap<string, LetStatement>,
): Dataset {
  checkOrder(program, scope, statement.query, lets, statement)
  // What is in scope now, and not when the dataset is first used: a later let of the same file is not.
  const visible: FileScope = { ...scope, datasets: new Map(scope.datasets) }
  let port: UnboundPort | undefined
  const make = (): UnboundPort => (port ??= buildQuery(program, visible, statement.query, false) as UnboundPort)
  const dataset = { name: statement.name.name, at: statement.name.at, port: make }
  addDataset(program, scope, dataset)
  return dataset
}

function addDataset(program: FlowProgram, scope: FileScope, dataset: Dataset): void {
  const first = scope.datasets.get(dataset.name)
  if (first !== undefined) program.errors.push(duplicate('dataset', dataset, first.at))
  else scope.datasets.set(dataset.name, dataset)
}

/** A dataset that is defined further down would be taken for a table given to the run. */
function checkOrder(
  program: FlowProgram,
  scope: FileScope,
  query: Query,
  lets: ReadonlyMap<string, LetStatement>,
  self?: LetStatement,
): void {
  for (const name of tablesOf(query)) {
    const later = lets.get(name.name)
    if (later === undefined || later === self || findDataset(scope, name) !== undefined) continue
    const related = [{ at: later.name.at, text: 'defined here' }]
    const hint = 'move the let above its first use'
    program.errors.push(
      planError('PLAN_UNKNOWN_TABLE', `dataset '${name.name}' is used before its let`, { at: name.at, related, hint }),
    )
  }
}

function* tablesOf(query: Query): Iterable<NameAt> {
  const joined = query.ops.flatMap((op) => (op.op === 'join' ? [op.right] : []))
  for (const table of [query.from, ...joined]) {
    if (table.from === 'name') yield table.name
    else if (table.from === 'query') yield* tablesOf(table.query)
  }
  for (const op of query.ops) if (op.op === 'union') for (const inner of op.queries) yield* tablesOf(inner)
}

function addOutput(program: FlowProgram, scope: FileScope, query: Query): void {
  const port = buildQuery(program, scope, query, true)
  if (port === undefined) return
  const taken = new Set(program.outputs.map((output) => output.name))
  const dataset = query.from.from === 'name' && query.ops.length === 0 ? query.from.name.name : undefined
  let number = program.outputs.length + 1
  while (taken.has(`out${number}`)) number++
  const name = dataset !== undefined && !taken.has(dataset) ? dataset : `out${number}`
  program.outputs.push({ name, port })
}
