import { exhaustive } from '../../base/assert.ts'
import { flowError, planError } from '../../base/errors.ts'
import type { UnboundPort } from '../syntax.ts'
import type { Dataset, FileScope, FlowProgram } from './program.ts'
import type { NameAt, PipeOp, Query, TableRef } from './statements.ts'

/** Makes the nodes of a query; undefined when it ends in a `write`. */
export function buildQuery(program: FlowProgram, scope: FileScope, query: Query, isStatement: boolean): UnboundPort | undefined {
  let port = buildTable(program, scope, query.from)
  for (const [i, op] of query.ops.entries()) {
    if (op.op !== 'unary' || op.form.u !== 'sink') {
      port = buildOperator(program, scope, op, port)
      continue
    }
    if (!isStatement) {
      const hint = 'write the dataset in a query of its own: from name |> write ...'
      program.errors.push(
        flowError('FLOW_SYNTAX', "'write' ends a statement and stands in no let or inner query", { at: op.at, hint }),
      )
      return port
    }
    const next = query.ops[i + 1]
    if (next !== undefined)
      program.errors.push(
        flowError('FLOW_SYNTAX', "nothing can follow 'write'", { at: next.at, related: [{ at: op.at, text: 'ends here' }] }),
      )
    program.add(op.form, [port], op.at)
    return undefined
  }
  return port
}

function buildOperator(program: FlowProgram, scope: FileScope, op: PipeOp, input: UnboundPort): UnboundPort {
  switch (op.op) {
    case 'unary':
      return program.add(op.form, [input], op.at)
    case 'join': {
      const right = buildTable(program, scope, op.right)
      const using = op.using?.map(({ name, at }) => ({ name, at }))
      return program.add(
        { u: 'join', kind: op.kind, ...(op.on ? { on: op.on } : {}), ...(using ? { using } : {}) },
        [input, right],
        op.at,
      )
    }
    case 'union': {
      const others = op.queries.map((query) => buildInner(program, scope, query))
      return program.add({ u: 'union', all: op.all }, [input, ...others], op.at)
    }
    default:
      return exhaustive(op)
  }
}

// An inner query always has a port: a `write` in it is an error that was noted.
const buildInner = (program: FlowProgram, scope: FileScope, query: Query): UnboundPort =>
  buildQuery(program, scope, query, false) as UnboundPort

function buildTable(program: FlowProgram, scope: FileScope, table: TableRef): UnboundPort {
  const alias = table.alias?.name
  switch (table.from) {
    case 'name': {
      const dataset = findDataset(scope, table.name)
      checkAmbiguity(program, scope, table.name)
      // Rows of a dataset are known by its name, whatever range variables its own query had.
      if (dataset !== undefined) return program.add({ u: 'as', alias: alias ?? dataset.name }, [dataset.port()], table.at)
      const datasets = scope.datasets.size > 0 ? { datasets: [...scope.datasets.keys()] } : {}
      return program.add({ u: 'table', name: table.name.name, ...(alias ? { alias } : {}), ...datasets }, [], table.name.at)
    }
    case 'source': {
      const { name, args, schema } = table
      const form = {
        u: 'source',
        connector: name.name,
        connectorAt: name.at,
        ...args,
        ...(schema ? { schema } : {}),
        ...(alias ? { alias } : {}),
      } as const
      return program.add(form, [], table.at)
    }
    case 'values': {
      const names = table.names?.map((name) => name.name)
      const port = program.add({ u: 'values', rows: table.rows, ...(names ? { names } : {}) }, [], table.at)
      return alias === undefined ? port : program.add({ u: 'as', alias }, [port], table.at)
    }
    case 'query': {
      const port = buildInner(program, scope, table.query)
      return alias === undefined ? port : program.add({ u: 'as', alias }, [port], table.at)
    }
    default:
      return exhaustive(table)
  }
}

/** A dataset of exactly this name, else the only one that differs in letter case alone. */
export function findDataset(scope: FileScope, name: NameAt): Dataset | undefined {
  const exact = scope.datasets.get(name.name)
  if (exact !== undefined || name.quoted) return exact
  const similar = similarDatasets(scope, name)
  return similar.length === 1 ? similar[0] : undefined
}

const similarDatasets = (scope: FileScope, { name }: NameAt): Dataset[] =>
  [...scope.datasets.values()].filter((dataset) => dataset.name.toLowerCase() === name.toLowerCase())

function checkAmbiguity(program: FlowProgram, scope: FileScope, name: NameAt): void {
  if (name.quoted || scope.datasets.has(name.name)) return
  const similar = similarDatasets(scope, name)
  if (similar.length < 2) return
  const names = similar.map((dataset) => `'${dataset.name}'`).join(' or ')
  program.errors.push(
    planError('PLAN_UNKNOWN_TABLE', `'${name.name}' may be dataset ${names}`, {
      at: name.at,
      hint: 'write the name as it is defined',
    }),
  )
}
