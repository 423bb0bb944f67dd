import { deepStrictEqual } from 'node:assert'
import type { Batch } from '../../../src/data/batch.ts'
import { BytesBuilder } from '../../../src/data/builder.ts'
import { rowsOf } from '../../../src/data/read.ts'
import { type Schema, type Type, types, type Value } from '../../../src/data/type.ts'
import { decodeBatch, encodeBatch } from '../../../src/data/wire.ts'
import type { Expr, FnRef } from '../../../src/ir/expr.ts'
import type { PhysicalNodeOf, RowShape, SegmentStep } from '../../../src/ir/physical.ts'
import type { UserFunction } from '../../../src/ir/user-function.ts'
import type { BatchTarget } from '../../../src/runtime/codegen/output.ts'
import { createSegmentFor } from '../../../src/runtime/codegen/segment.ts'
import type { Operator, OperatorContext, TextNumbering } from '../../../src/runtime/operator.ts'
import { TextTable } from '../../../src/runtime/operators/text-table.ts'

const place = { file: 'test.ts', line: 3, column: 7 }

export const column = (index: number, type: Type, nullable = true): Expr => ({ e: 'column', column: index, type, nullable })
export const constant = (value: Value, type: Type): Expr => ({ e: 'constant', value, type, nullable: value === null })
export const call = (fn: string, type: Type, ...args: Expr[]): Expr => ({ e: 'call', fn, type, args, nullable: true, at: place })

export const project = (...exprs: Expr[]): SegmentStep => ({
  step: 'project',
  exprs: exprs.map((expr, i) => ({ name: `c${i}`, expr })),
  from: 0 as never,
})
export const filter = (predicate: Expr): SegmentStep => ({ step: 'filter', predicate, from: 0 as never })
export const unnest = (
  expr: Expr,
  itemType: Type = types.string,
  more: { outer?: boolean; ordinalName?: string } = {},
): SegmentStep => ({
  step: 'unnest',
  expr,
  name: 'item',
  itemType,
  itemNullable: true,
  outer: false,
  ...more,
  from: 0 as never,
})

export const element = (type: Type, nullable = false): RowShape => ({
  fields: [{ name: 'value', type, nullable }],
  element: true,
})
export const rowOf = (fields: Schema): RowShape => ({ fields, element: false })

export function parallelDo(
  shape: 'map' | 'filter' | 'flatMap' | 'do',
  id: number,
  input: RowShape,
  output: RowShape,
  reads: FnRef['reads'] = 'all',
): SegmentStep {
  const fn: FnRef = {
    id,
    label: `${shape} at words.ts:12:6`,
    module: '',
    ordinal: id,
    sourceHash: '',
    reads,
    captures: [],
    capturesKnown: true,
    deterministic: true,
    effects: false,
    kind: 'function',
  }
  return { step: 'parallelDo', shape, fn, input, output, at: place, from: 0 as never }
}

export interface RunOptions {
  fields: Schema
  fns?: readonly UserFunction[]
  /** Row type of the input; needed for what depends on its width. */
  input?: Schema
  interpreted?: boolean
  target?: BatchTarget
  clustered?: boolean
  emit?: (batch: Batch) => undefined | Promise<void>
  grant?: (bytes: number) => 'ok' | 'spill'
  /** Takes rows that fail; without it they end the run. */
  leaveOut?: OperatorContext['leaveOut']
  /** What the operator behind it does. */
  textNumbering?: TextNumbering
  /** It keeps no batch. */
  lends?: boolean
}

export const schemaOf = (...list: Type[]): Schema => list.map((type, i) => ({ name: `c${i}`, type, nullable: true }))

export function segment(steps: readonly SegmentStep[], options: RunOptions): { operator: Operator; batches: Batch[] } {
  const batches: Batch[] = []
  const node = {
    operator: 'segment',
    spec: { steps, clustered: options.clustered === true },
    fields: options.fields,
  } as unknown as PhysicalNodeOf<'segment'>
  const context: Partial<OperatorContext> = {
    emit: (batch) => {
      if (options.lends === true) batches.push(decodeBatch(encodeBatch(batch), options.fields))
      else batches.push(options.textNumbering === undefined ? batch : withOwnCodes(batch))
      return options.emit?.(batch)
    },
    emitBarrier: () => undefined,
    grant: options.grant ?? (() => 'ok'),
    fn: (ref) => (options.fns ?? [])[ref.id],
    ...(options.leaveOut === undefined ? {} : { leaveOut: options.leaveOut }),
    textNumbering: () => options.textNumbering,
    lends: () => options.lends === true,
    pause: () => undefined,
    isDone: () => false,
    interpreted: options.interpreted === true,
    inputs: [options.input ?? []],
    fields: options.fields,
  }
  return { operator: createSegmentFor(node, context as OperatorContext, options.target), batches }
}

/** Codes may be used again once a batch was emitted. */
function withOwnCodes(batch: Batch): Batch {
  const columns = batch.columns.map((column) =>
    column.store === 'dictionary' ? { ...column, codes: column.codes.slice() } : column,
  )
  return { ...batch, columns }
}

/** Gives numbers to the texts of a column, and starts afresh after every `batchesEach` batches that it is asked for. */
export function numbering(column: number, type: Type, batchesEach = 3): TextNumbering {
  let asked = 0
  let texts = new TextTable(new BytesBuilder(type), 7)
  return {
    column,
    texts() {
      if (++asked % batchesEach === 0) texts = new TextTable(new BytesBuilder(type), 7)
      return texts
    },
  }
}

/** The rows that a segment makes of some batches; the same whether or not texts are numbered while they are made, and arrays are used again. */
export async function runAlike(steps: readonly SegmentStep[], input: readonly Batch[], options: RunOptions): Promise<Value[][]> {
  const rows = await runSegment(steps, input, options)
  if (options.fields.every(({ type }) => type.kind !== 'js'))
    deepStrictEqual(await runSegment(steps, input, { ...options, lends: true }), rows)
  for (const [column, { type }] of options.fields.entries()) {
    if (type.kind !== 'string' && type.kind !== 'bytes') continue
    const numbered = await runSegment(steps, input, { ...options, textNumbering: numbering(column, type) })
    deepStrictEqual(numbered, rows)
  }
  return rows
}

/** The rows that a segment makes of some batches. */
export async function runSegment(
  steps: readonly SegmentStep[],
  input: readonly Batch[],
  options: RunOptions,
): Promise<Value[][]> {
  const { operator, batches } = segment(steps, options)
  for (const batch of input) await operator.push(0, batch)
  await operator.finish(0)
  return batches.flatMap(rowsOf)
}
