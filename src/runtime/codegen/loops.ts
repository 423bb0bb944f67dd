import { runError } from '../../base/errors.ts'
import type { Batch } from '../../data/batch.ts'
import type { Schema } from '../../data/type.ts'
import type { FnRef } from '../../ir/expr.ts'
import type { SegmentStep } from '../../ir/physical.ts'
import type { OperatorContext } from '../operator.ts'
import { userCalls } from '../user-calls.ts'
import { shapeKey, shapeOf } from './column-shape.ts'
import { canFail, closuresOf, type Failure, FailureTeller, type SegmentClosure } from './failed-row.ts'
import { generateSegment, type InputShape } from './generate.ts'
import { interpretSegment } from './interpret.ts'
import type { Output } from './output.ts'
import { compileLoop, type SegmentInput, type SegmentLoop } from './shape.ts'
import { NotOfRow } from './support.ts'

export const rowCountOf = (input: SegmentInput): number => ('batch' in input ? input.batch.rowCount : input.values.length)

/** The loops of a segment: one for each combination of column kinds that its batches have. */
export class SegmentLoops {
  readonly #steps: readonly SegmentStep[]
  readonly #fields: Schema
  readonly #ctx: OperatorContext
  readonly #loops = new Map<string, SegmentLoop>()
  readonly #closures: readonly SegmentClosure[]
  readonly #teller: FailureTeller
  readonly #leavesOut: boolean
  /** Rows of the input that the last run left out. */
  leftOut: number[] = []
  /** No generated code: the process forbids it, or a test. */
  readonly isInterpreted: boolean

  constructor(steps: readonly SegmentStep[], fields: Schema, ctx: OperatorContext) {
    this.#steps = steps
    this.#fields = fields
    this.#ctx = ctx
    this.#closures = closuresOf(steps)
    this.#teller = new FailureTeller(this.#closures, ctx)
    this.#leavesOut = ctx.leaveOut !== undefined && canFail(steps)
    this.isInterpreted = ctx.interpreted || !mayGenerate()
    for (const { fn } of this.#closures) refuseAsync(fn, ctx.fn(fn) as Function)
  }

  /** Works on the rows from `from` on; gives the row where it stopped because the output is full, or the number of rows. */
  run(input: SegmentInput, output: Output, from: number): number {
    const batch = 'batch' in input ? input.batch : undefined
    const weights = output.weights === undefined ? undefined : batch?.weights
    const loop = this.#loop(batch, weights !== undefined, output)
    const rows = 'batch' in input ? input.batch.columns : input.values
    const to = rowCountOf(input)
    if (!this.#leavesOut)
      return loop(rows, output, from, to, weights, (error, site, row) => this.#teller.errorOf({ error, site, row, input }))
    this.leftOut = []
    try {
      return loop(rows, output, from, to, weights, (...[error, site, row, item]) => {
        this.#leaveOut({ error, site, row, input, item })
        this.leftOut.push(row)
      })
    } catch (thrown) {
      throw thrown instanceof NotOfRow ? thrown.cause : thrown
    }
  }

  /** What is thrown here goes through the handlers of all loops around it, so that it must not look like the error of a row. */
  #leaveOut(failure: Failure): void {
    const { error } = failure
    try {
      if (error instanceof NotOfRow)
        throw error.isOfFunction ? this.#teller.lateError({ ...failure, error: error.cause }) : error.cause
      this.#ctx.leaveOut?.(this.#teller.rowOf(failure))
    } catch (cause) {
      throw new NotOfRow(cause)
    }
  }

  #loop(batch: Batch | undefined, weighted: boolean, output: Output): SegmentLoop {
    const passed = this.#fields.map((_, i) => output.isPassed(i))
    const key = batch === undefined ? '' : `${weighted ? 'w' : ''}${batch.columns.map(shapeKey).join(' ')} ${passed.join()}`
    let loop = this.#loops.get(key)
    if (loop === undefined) {
      loop = this.#makeLoop(batch, weighted, output.numbered, passed)
      this.#loops.set(key, loop)
    }
    return loop
  }

  #makeLoop(batch: Batch | undefined, weighted: boolean, numbered: number | undefined, passed: readonly boolean[]): SegmentLoop {
    const steps = this.#steps
    const [first] = steps
    const closure = (fn: FnRef): Function => this.#ctx.fn(fn) as Function
    const input: InputShape =
      batch === undefined && first.step === 'parallelDo'
        ? { values: first.input }
        : { columns: (batch as Batch).columns.map(shapeOf) }
    const leavesOut = this.#leavesOut
    const user = userCalls(this.#ctx)
    const shape = { steps, input, fields: this.#fields, weighted, numbered, leavesOut, passed, user, closure }
    if (this.isInterpreted) return interpretSegment(shape)
    return compileLoop(
      generateSegment(shape),
      this.#closures.map(({ fn }) => closure(fn)),
    )
  }
}

/** False where the process forbids code from strings. */
function mayGenerate(): boolean {
  try {
    new Function('')
    return true
  } catch (error) {
    if (error instanceof EvalError) return false
    throw error
  }
}

function refuseAsync(fn: FnRef, live: Function): void {
  if (Object.prototype.toString.call(live) !== '[object AsyncFunction]') return
  throw runError('RUN_FUNCTION_FAILED', `${fn.label} is an async function`, {
    operator: fn.label,
    hint: 'functions of a pipeline are synchronous: read what they need before the run',
  })
}
