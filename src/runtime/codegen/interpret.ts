import type { ColumnBuilder } from '../../data/builder.ts'
import type { Column } from '../../data/column.ts'
import { fromJsValue, toJsValue } from '../../data/js-value.ts'
import { valueAt } from '../../data/read.ts'
import type { Value } from '../../data/type.ts'
import { jsonCell } from '../../io/format/cell.ts'
import { evaluateExpr } from '../../ir/evaluate.ts'
import type { FnRef } from '../../ir/expr.ts'
import type { RowShape, SegmentStep } from '../../ir/physical.ts'
import type { CodesBuilder } from './codes-builder.ts'
import type { SegmentShape } from './generate.ts'
import { GroupValues } from './group-values.ts'
import type { Output } from './output.ts'
import { valueColumns } from './row-shape.ts'
import type { SegmentLoop } from './shape.ts'
import { support } from './support.ts'

/** A row between two steps: plain values, or a value on its way from closure to closure. */
type Row = { values: readonly Value[] } | { value: unknown; shape: RowShape }

/** Runs a segment row by row without generated code: slow, and the same results. */
export function interpretSegment(shape: SegmentShape): SegmentLoop {
  return (input, output, from, to, weights, fail) => {
    let row = from
    const run = new Interpreter(shape, output, (error, item) => fail(error, run.site, row, item))
    for (; row < to && !run.isStopped && output.isOpen(); row++) {
      run.site = -1
      run.weight = weights?.[row] ?? 1
      try {
        if ('values' in shape.input) run.step(0, { value: input[row], shape: shape.input.values })
        else run.step(0, { values: (input as readonly Column[]).map((column) => valueAt(column, row)) })
      } catch (error) {
        const told = fail(error, run.site, row)
        if (!shape.leavesOut) throw told
      }
    }
    return run.isStopped ? to : row
  }
}

class Interpreter {
  readonly #shape: SegmentShape
  readonly #output: Output
  readonly #leaveOut: (error: unknown, item: unknown) => void
  /** The closure that is running, by its number among the segment's closures; −2 less it when it has returned. */
  site = -1
  weight = 1
  /** Nobody wants more rows. */
  isStopped = false

  constructor(shape: SegmentShape, output: Output, leaveOut: (error: unknown, item: unknown) => void) {
    this.#shape = shape
    this.#output = output
    this.#leaveOut = leaveOut
  }

  step(at: number, row: Row): void {
    const { steps } = this.#shape
    if (at === steps.length) return this.#store(this.#values(row))
    const step = steps[at]
    if (step.step === 'parallelDo') return this.#closure(at, step, row)
    const values = this.#values(row)
    const evaluate = (expr: Parameters<typeof evaluateExpr>[0]): Value =>
      evaluateExpr(expr, (column) => values[column], this.#shape.user)
    switch (step.step) {
      case 'project':
        return this.step(at + 1, { values: step.exprs.map(({ expr }) => evaluate(expr)) })
      case 'filter':
        if (evaluate(step.predicate) === true) this.step(at + 1, row)
        return
      case 'unnest': {
        const items = (evaluate(step.expr) ?? []) as readonly Value[]
        const add = (item: Value, ordinal: Value): void =>
          this.step(at + 1, { values: step.ordinalName === undefined ? [...values, item] : [...values, item, ordinal] })
        if (items.length === 0 && step.outer)
          return this.#inner(
            () => add(null, null),
            () => null,
          )
        for (const [i, item] of items.entries())
          this.#inner(
            () => add(item, i),
            () => jsonCell(step.itemType, item),
          )
      }
    }
  }

  #closure(at: number, step: Extract<SegmentStep, { step: 'parallelDo' }>, row: Row): void {
    if (this.isStopped) return
    const fn = this.#shape.closure(step.fn) as (...args: unknown[]) => unknown
    const arg = 'values' in row ? argumentOf(row.values, step.input, step.fn.reads) : row.value
    const number = this.#shape.steps.slice(0, at).filter((other) => other.step === 'parallelDo').length
    const call = <T>(run: () => T): T => {
      this.site = number
      const result = run()
      this.site = -2 - number
      return result
    }
    const next = (value: unknown): void => this.step(at + 1, { value, shape: step.output })
    switch (step.shape) {
      case 'map':
        return next(call(() => fn(arg)))
      case 'filter':
        if (call(() => fn(arg))) this.step(at + 1, row)
        return
      case 'flatMap': {
        const list = call(() => {
          const given = support.listOf(fn(arg))
          return this.#shape.leavesOut ? support.wholeList(given) : given
        })
        if (Array.isArray(list)) return this.#each(list, next)
        for (let items = call(() => support.pieces(list)); items.length > 0; items = call(() => support.pieces(list))) {
          this.#each(items, next)
          this.isStopped ||= this.#output.offer()
          if (this.isStopped) return support.close(list)
        }
        return
      }
      case 'do': {
        const list: unknown[] = []
        call(() => support.nothing(fn(arg, (value: unknown) => list.push(value))))
        this.#each(list, next)
      }
    }
  }

  #each(items: readonly unknown[], next: (value: unknown) => void): void {
    for (const item of items)
      this.#inner(
        () => next(item),
        () => item,
      )
  }

  /** Where rows are left out, a value that fails is left out alone. */
  #inner(work: () => void, item: () => unknown): void {
    if (!this.#shape.leavesOut) return work()
    try {
      work()
    } catch (error) {
      this.#leaveOut(error, item())
    }
  }

  #values(row: Row): readonly Value[] {
    return 'values' in row ? row.values : valuesOf(row.value, row.shape)
  }

  #store(values: readonly Value[]): void {
    const output = this.#output
    if (this.#shape.leavesOut && values.some((value) => typeof value === 'string' && !value.isWellFormed()))
      throw support.notWellFormed()
    if (output.isFull()) output.flush()
    if (output.weights !== undefined) output.weights[output.rows] = this.weight
    for (let i = 0; i < values.length; i++) (output.builders[i] as ColumnBuilder | CodesBuilder).appendValue(values[i])
    output.rows++
  }
}

function argumentOf(values: readonly Value[], shape: RowShape, reads: FnRef['reads']): unknown {
  const read = (i: number): unknown => toJsValue(shape.fields[i].type, values[i])
  const part = (columns: readonly number[], isElement: boolean, wanted: FnRef['reads'] = 'all'): unknown => {
    if (isElement) return read(columns[0])
    const known = columns.filter((i) => wanted === 'all' || wanted.includes(shape.fields[i].name))
    return Object.fromEntries(known.map((i) => [shape.fields[i].name, read(i)]))
  }
  if (shape.keys === undefined) return part(valueColumns(shape), shape.element, reads)
  const key = part(shape.keys, shape.keyElement === true)
  if (shape.grouped === true) return [key, new GroupValues([part(valueColumns(shape), true) as unknown[]])]
  return [key, part(valueColumns(shape), shape.element)]
}

/** The plain values of what a closure returned. */
function valuesOf(result: unknown, shape: RowShape): readonly Value[] {
  const values: Value[] = []
  const put = (columns: readonly number[], isElement: boolean, from: unknown): void => {
    if (!isElement && (typeof from !== 'object' || from === null || Array.isArray(from) || support.isPromise(from)))
      support.notRow(from)
    for (const i of columns) {
      const { name, type, nullable } = shape.fields[i]
      const given = isElement
        ? from
        : Object.hasOwn(from as object, name) || !(name in Object.prototype)
          ? (from as Record<string, unknown>)[name]
          : undefined
      values[i] = fromJsValue(type, given, nullable, name)
    }
  }
  if (shape.keys === undefined) put(valueColumns(shape), shape.element, result)
  else {
    if (!Array.isArray(result) || result.length !== 2) return support.notPair(result)
    put(shape.keys, shape.keyElement === true, result[0])
    put(valueColumns(shape), shape.element, result[1])
  }
  return values
}
