import { withPlace } from '../../base/errors.ts'
import type { Batch } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { isValid } from '../../data/column.ts'
import { gatherColumn } from '../../data/gather.ts'
import { makeBatch } from '../../data/read.ts'
import type { Schema } from '../../data/type.ts'
import type { PhysicalAggCall, PhysicalNodeOf } from '../../ir/physical.ts'
import type { OperatorContext } from '../operator.ts'
import type { Accumulator } from './accumulators/accumulator.ts'
import { createAccumulator } from './accumulators/create.ts'
import { rowsPerBatch } from './emit.ts'
import { GroupTable } from './group-table.ts'

type AggregateSpec = PhysicalNodeOf<'aggregate'>['spec']

/** What fewer groups take is not worth to be asked for ahead. */
const fewGroups = 2 ** 14
const growingFactor = 3

/** The groups of an aggregate with their accumulators: what it holds in memory at one time. */
export class GroupStore {
  readonly table: GroupTable
  readonly accumulators: readonly Accumulator[]
  /** Row type of states, as partial aggregates emit them and spilled blocks hold them. */
  readonly stateFields: Schema
  /** Group of each row of the last batch taken. */
  groups: Int32Array = new Int32Array(0)
  #room = new Int32Array(0)
  readonly #spec: AggregateSpec
  readonly #keyCount: number
  /** For each call the first one that has the same states. */
  readonly #twins: readonly number[]

  /** Of the context only what outlives its task: the tasks of a thread share stores. */
  constructor(spec: AggregateSpec, ctx: Pick<OperatorContext, 'inputs' | 'hashSeed' | 'fn'>) {
    const fields = ctx.inputs[0]
    this.#spec = spec
    this.#keyCount = spec.keys.length
    this.table = new GroupTable(
      spec.keys.map((key) => fields[key].type),
      ctx.hashSeed,
    )
    this.#twins = twinsOf(spec)
    this.accumulators = spec.calls.map((call) => createAccumulator(call, fields, ctx))
    const states = this.accumulators.flatMap(({ stateTypes }) => stateTypes)
    this.stateFields = [
      ...spec.keys.map((key) => fields[key]),
      ...states.map((type, i) => ({ name: `state ${i}`, type, nullable: true })),
    ]
  }

  get count(): number {
    return this.table.count
  }

  get sizeBytes(): number {
    return this.accumulators.reduce((sum, { sizeBytes }) => sum + sizeBytes, this.table.sizeBytes)
  }

  /**
   * Bytes that the store may hold while it takes so many rows, when they might make its arrays grow, which doubles them and has the old ones there
   * for a while; else 0. Texts that were numbered ahead are in the table already, so then it is too late to ask.
   */
  growingBytes(rowCount: number): number {
    const { count, texts } = this.table
    if (count < fewGroups || texts !== undefined) return 0
    const mayGrow = Math.floor(Math.log2(count)) < Math.floor(Math.log2(count + rowCount))
    return mayGrow ? this.sizeBytes * growingFactor : 0
  }

  /** Takes rows as the operator gets them: raw, or states in the final phase. */
  take(batch: Batch): void {
    const { keys, calls, phase } = this.#spec
    const groups = this.#assign(
      keys.map((key) => batch.columns[key]),
      batch.rowCount,
    )
    for (let i = 0; i < calls.length; i++) {
      if (this.#twins[i] !== i) continue
      const { args, where } = calls[i]
      const columns = args.map((arg) => batch.columns[arg])
      if (phase === 'final') this.accumulators[i].merge(groups, batch.rowCount, columns)
      else if (where === undefined) this.accumulators[i].add(groups, batch.rowCount, columns, batch.weights)
      else addWhere(this.accumulators[i], groups, batch, columns, batch.columns[where])
    }
  }

  /** Takes states that were spilled. */
  takeStates(batch: Batch): void {
    const groups = this.#assign(batch.columns.slice(0, this.#keyCount), batch.rowCount)
    let at = this.#keyCount
    for (const accumulator of this.accumulators) {
      const next = at + accumulator.stateTypes.length
      accumulator.merge(groups, batch.rowCount, batch.columns.slice(at, next))
      at = next
    }
  }

  /** Without keys there is one group, whether rows came or not. */
  ensureGroup(): void {
    if (this.#keyCount === 0 && this.count === 0) this.#assign([], 1)
  }

  /** All groups ordered by (hash64, key), as states or as results, in batches. */
  *batches(form: 'states' | 'results'): Generator<Batch, void> {
    const order = this.table.order()
    const step = rowsPerBatch(order.length, this.sizeBytes)
    for (let from = 0; from < order.length; ) {
      let to = Math.min(order.length, from + step)
      // Groups of one hash stay in one block: merging spilled runs goes by whole hashes.
      while (to < order.length && this.table.sameHash(order[to - 1], order[to])) to++
      yield makeBatch(this.rows(form, order, from, to), to - from)
      from = to
    }
  }

  /** The states of all groups as they came: for who puts them in order anyway. */
  *unordered(): Generator<Batch, void> {
    const all = Int32Array.from({ length: this.count }, (_, group) => group)
    const step = rowsPerBatch(all.length, this.sizeBytes)
    for (let from = 0; from < all.length; from += step) {
      const to = Math.min(all.length, from + step)
      yield makeBatch(this.rows('states', all, from, to), to - from)
    }
  }

  /** Columns of groups `order[from .. to)`: keys, then states or results. */
  rows(form: 'states' | 'results', order: Int32Array, from: number, to: number): Column[] {
    const columns = this.table.keyColumns().map((column) => gatherColumn(column, order.subarray(from, to), to - from))
    this.accumulators.forEach((accumulator, i) => {
      try {
        if (form === 'states') columns.push(...this.accumulators[this.#twins[i]].states(order, from, to))
        else columns.push(accumulator.results(order, from, to))
      } catch (thrown) {
        throw withPlace(thrown, this.#spec.calls[i].at)
      }
    })
    return columns
  }

  clear(): void {
    this.table.clear()
    for (const accumulator of this.accumulators) accumulator.clear()
  }

  #assign(keys: readonly Column[], rowCount: number): Int32Array {
    if (this.#room.length < rowCount) this.#room = new Int32Array(rowCount)
    this.groups = this.table.assign(keys, rowCount, this.#room)
    for (const accumulator of this.accumulators) accumulator.reserve(this.table.count)
    return this.groups
  }
}

/** `sum(x)` and `avg(x)` of floats have one state, which a partial aggregate makes once: its states are all that anybody sees of it. */
function twinsOf({ calls, phase }: AggregateSpec): readonly number[] {
  const isFloatSum = ({ fn, argTypes, distinct }: PhysicalAggCall): boolean =>
    (fn === 'sum' || fn === 'avg') && argTypes[0].kind === 'float64' && !distinct
  return calls.map((call, i) => {
    if (phase !== 'partial' || !isFloatSum(call)) return i
    return calls.findIndex((other) => isFloatSum(other) && other.args[0] === call.args[0] && other.where === call.where)
  })
}

function addWhere(accumulator: Accumulator, groups: Int32Array, batch: Batch, args: readonly Column[], where: Column): void {
  const rows = new Int32Array(batch.rowCount)
  let count = 0
  for (let row = 0; row < batch.rowCount; row++) if (isTrue(where, row)) rows[count++] = row
  const kept = args.map((column) => gatherColumn(column, rows, count))
  const own = new Int32Array(count)
  const weights = batch.weights === undefined ? undefined : new Int32Array(count)
  for (let i = 0; i < count; i++) {
    own[i] = groups[rows[i]]
    if (weights !== undefined && batch.weights !== undefined) weights[i] = batch.weights[rows[i]]
  }
  accumulator.add(own, count, kept, weights)
}

function isTrue(column: Column, row: number): boolean {
  if (!isValid(column, row)) return false
  if (column.store === 'dictionary') return isTrue(column.values, column.codes[row])
  return column.store === 'lane' && Number(column.values[row]) !== 0
}
