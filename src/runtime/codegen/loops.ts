import { isMillraceError, MillraceError, runError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { isThrownHere } from '../../base/stack.ts'
import type { Batch } from '../../data/batch.ts'
import type { Schema } from '../../data/type.ts'
import type { FnRef } from '../../ir/expr.ts'
import type { SegmentStep } from '../../ir/physical.ts'
import type { OperatorContext } from '../operator.ts'
import { functionFailed, userCalls } from '../user-calls.ts'
import { shapeKey, shapeOf } from './column-shape.ts'
import { generateSegment, type InputShape } from './generate.ts'
import { interpretSegment } from './interpret.ts'
import type { Output } from './output.ts'
import { compileLoop, type SegmentLoop } from './shape.ts'

/** Rows to work on: those of a batch, or values that are ready for the first closure. */
export type SegmentInput = { batch: Batch } | { values: readonly unknown[] }

export const rowCountOf = (input: SegmentInput): number => ('batch' in input ? input.batch.rowCount : input.values.length)

/** The loops of a segment: one for each combination of column kinds that its batches have. */
export class SegmentLoops {
  readonly #steps: readonly SegmentStep[]
  readonly #fields: Schema
  readonly #ctx: OperatorContext
  readonly #loops = new Map<string, SegmentLoop>()
  readonly #closures: readonly { fn: FnRef; at: Place }[]
  #interpreted: boolean

  constructor(steps: readonly SegmentStep[], fields: Schema, ctx: OperatorContext) {
    this.#steps = steps
    this.#fields = fields
    this.#ctx = ctx
    this.#closures = steps.flatMap((step) => (step.step === 'parallelDo' ? [{ fn: step.fn, at: step.at }] : []))
    this.#interpreted = ctx.interpreted
    for (const { fn } of this.#closures) refuseAsync(fn, ctx.fn(fn) as Function)
  }

  /** Works on the rows from `from` on; gives the row where it stopped because the output is full, or the number of rows. */
  run(input: SegmentInput, output: Output, from: number): number {
    const batch = 'batch' in input ? input.batch : undefined
    const weights = output.weights === undefined ? undefined : batch?.weights
    const loop = this.#loop(batch, weights !== undefined, output.numbered)
    const rows = 'batch' in input ? input.batch.columns : input.values
    return loop(rows, output, from, rowCountOf(input), weights, (error, site, row) => this.#failed(error, site, row, batch))
  }

  #loop(batch: Batch | undefined, weighted: boolean, numbered: number | undefined): SegmentLoop {
    const key = batch === undefined ? '' : `${weighted ? 'w' : ''}${batch.columns.map(shapeKey).join(' ')}`
    let loop = this.#loops.get(key)
    if (loop === undefined) {
      loop = this.#makeLoop(batch, weighted, numbered)
      this.#loops.set(key, loop)
    }
    return loop
  }

  #makeLoop(batch: Batch | undefined, weighted: boolean, numbered: number | undefined): SegmentLoop {
    const steps = this.#steps
    const [first] = steps
    const closure = (fn: FnRef): Function => this.#ctx.fn(fn) as Function
    const input: InputShape =
      batch === undefined && first.step === 'parallelDo'
        ? { values: first.input }
        : { columns: (batch as Batch).columns.map(shapeOf) }
    const shape = { steps, input, fields: this.#fields, weighted, numbered, user: userCalls(this.#ctx), closure }
    if (!this.#interpreted) {
      try {
        return compileLoop(
          generateSegment(shape),
          this.#closures.map(({ fn }) => closure(fn)),
        )
      } catch (error) {
        // Thrown where the process forbids code from strings.
        if (!(error instanceof EvalError)) throw error
        this.#interpreted = true
      }
    }
    return interpretSegment(shape)
  }

  /** An error of a row. `site` tells the closure that was running, or, as −2 less its number, the one that had returned. */
  #failed(error: unknown, site: number, row: number, batch: Batch | undefined): unknown {
    const source = batch?.header.source
    const where = source === undefined ? '' : ` (row ${source.firstRow + row + 1} of split ${source.split})`
    const isReturned = site < -1
    const closure = this.#closures[isReturned ? -2 - site : site]
    if (closure === undefined) return error
    const { fn, at } = closure
    if (!isMillraceError(error)) {
      // What a function has returned is read here: a getter of it may throw, and so may a defect of ours.
      return isReturned && isThrownHere(error) ? error : functionFailed(error, fn, where, at)
    }
    if (error.details.operator !== undefined || error.details.at !== undefined) return error
    const what = isReturned || error.code === 'DATA_SHAPE_CHANGED' ? `result of ${fn.label}` : fn.label
    return new MillraceError(error.code, `${what}${where}: ${error.message}`, {
      ...error.details,
      ...(at.line > 0 ? { at } : {}),
      operator: fn.label,
    })
  }
}

function refuseAsync(fn: FnRef, live: Function): void {
  if (Object.prototype.toString.call(live) !== '[object AsyncFunction]') return
  throw runError('RUN_FUNCTION_FAILED', `${fn.label} is an async function`, {
    operator: fn.label,
    hint: 'functions of a pipeline are synchronous: read what they need before the run',
  })
}
