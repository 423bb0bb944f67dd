import { MillraceError, runError } from '../../base/errors.ts'
import type { Batch } from '../../data/batch.ts'
import { fromJsValue, toJsValue } from '../../data/js-value.ts'
import type { Value } from '../../data/type.ts'
import type { CallUserFunction } from '../../ir/evaluate.ts'
import type { FnRef } from '../../ir/expr.ts'
import type { PhysicalNodeOf } from '../../ir/physical.ts'
import type { Operator, OperatorContext, OperatorFactory } from '../operator.ts'
import { shapeKey, shapeOf } from './column-shape.ts'
import { generateSegment, type InputShape } from './generate.ts'
import { type GroupReader, groupReader } from './groups.ts'
import { interpretSegment } from './interpret.ts'
import { type BatchTarget, Output } from './output.ts'
import { projectColumns } from './project.ts'
import { compileLoop, type SegmentLoop } from './shape.ts'

type SegmentNode = PhysicalNodeOf<'segment'>

/**
 * Runs a segment: its steps in one generated loop over each batch, interpreted where code from strings is forbidden.
 *
 * In: any batches of the input row; clustered ones with `groupStarts` when the first step takes groups. Out: batches of about 8,192 rows or
 * 256 KiB, in the order of the input, each row with the weight of the row it came from. Memory: one batch, and one open group.
 *
 * @throws {@link MillraceError} `RUN_FUNCTION_FAILED` for what user functions throw, `DATA_SHAPE_CHANGED` for results of another shape,
 * errors of expressions with the place of the expression.
 */
export const createSegment: OperatorFactory<'segment'> = (node, ctx) => createSegmentFor(node, ctx)

/** `createSegment` with another size of its output batches. */
export function createSegmentFor(node: SegmentNode, ctx: OperatorContext, target?: BatchTarget): Operator {
  const aligned = node.spec.clustered ? undefined : projectColumns(node.spec.steps)
  if (aligned !== undefined)
    return {
      name: 'segment',
      push: (_, batch) => ctx.emit(aligned(batch)),
      finish() {},
      close() {},
      barrier: (epoch) => ctx.emitBarrier(epoch),
    }
  const segment = new Segment(node, ctx, target)
  return {
    name: 'segment',
    push: (_, batch) => segment.push(batch),
    finish: () => segment.finish(),
    barrier: (epoch) => segment.barrier(epoch),
    close() {},
  }
}

class Segment {
  readonly #node: SegmentNode
  readonly #ctx: OperatorContext
  readonly #output: Output
  readonly #groups: GroupReader | undefined
  readonly #loops = new Map<string, SegmentLoop>()
  #interpreted: boolean

  constructor(node: SegmentNode, ctx: OperatorContext, target?: BatchTarget) {
    this.#node = node
    this.#ctx = ctx
    this.#output = new Output(ctx.fields, target)
    this.#interpreted = ctx.interpreted
    const [first] = node.spec.steps
    if (node.spec.clustered && first.step === 'parallelDo') this.#groups = groupReader(first.input, ctx)
    for (const step of node.spec.steps) if (step.step === 'parallelDo') refuseAsync(step.fn, ctx.fn(step.fn) as Function)
  }

  push(batch: Batch): void | Promise<void> {
    if (batch.rowCount === 0) return
    this.#output.begin(batch.header, batch.weights !== undefined)
    if (this.#groups !== undefined) return this.#drive(this.#groups.take(batch), undefined, 0)
    return this.#drive(batch.columns, batch, 0)
  }
  finish(): void | Promise<void> {
    const wait = this.#groups === undefined ? undefined : this.#drive(this.#groups.end(), undefined, 0)
    return wait === undefined ? this.#flush() : wait.then(() => this.#flush())
  }
  barrier(epoch: number): void | Promise<void> {
    const wait = this.#flush()
    return wait === undefined ? this.#ctx.emitBarrier(epoch) : wait.then(() => this.#ctx.emitBarrier(epoch))
  }

  #flush(): undefined | Promise<void> {
    this.#output.flush()
    return this.#output.drain(this.#ctx.emit)
  }

  /** Works on the rows from `from` on until they end or a made batch finds no credit; goes on when it has some. */
  #drive(input: Batch['columns'] | readonly unknown[], batch: Batch | undefined, from: number): undefined | Promise<void> {
    const rowCount = batch?.rowCount ?? input.length
    const loop = this.#loop(batch)
    for (let row = from; row < rowCount; ) {
      row = loop(input, this.#output, row, rowCount, batch?.weights, (error, site, at) => this.#failed(error, site, at, batch))
      if (this.#output.isFull()) this.#output.flush()
      const wait = this.#output.drain(this.#ctx.emit)
      if (wait !== undefined) return wait.then(() => this.#drive(input, batch, row))
    }
    return undefined
  }

  /** The loop for columns of this batch's kinds. */
  #loop(batch: Batch | undefined): SegmentLoop {
    const key = batch === undefined ? '' : `${batch.weights === undefined ? '' : 'w'}${batch.columns.map(shapeKey).join(' ')}`
    let loop = this.#loops.get(key)
    if (loop === undefined) this.#loops.set(key, (loop = this.#makeLoop(batch)))
    return loop
  }
  #makeLoop(batch: Batch | undefined): SegmentLoop {
    const { steps } = this.#node.spec
    const closure = (fn: FnRef): Function => this.#ctx.fn(fn) as Function
    const [first] = steps
    const input: InputShape =
      batch === undefined && first.step === 'parallelDo'
        ? { values: first.input }
        : { columns: (batch as Batch).columns.map(shapeOf) }
    const shape = { steps, input, fields: this.#ctx.fields, weighted: batch?.weights !== undefined, user: this.#user, closure }
    if (!this.#interpreted) {
      try {
        return compileLoop(
          generateSegment(shape),
          steps.flatMap((step) => (step.step === 'parallelDo' ? [closure(step.fn)] : [])),
        )
      } catch (error) {
        if (!(error instanceof EvalError)) throw error
        this.#interpreted = true
      }
    }
    return interpretSegment(shape)
  }

  /** Calls a user function of an expression. */
  readonly #user: CallUserFunction = (ref, args) => {
    const fn = this.#ctx.fn(ref) as (...args: unknown[]) => unknown
    try {
      const result = fn(...args.map((arg, i) => (ref.args?.[i] === undefined ? arg : toJsValue(ref.args[i], arg))))
      return ref.returns === undefined ? (result as Value) : fromJsValue(ref.returns, result, true, `result of ${ref.label}`)
    } catch (error) {
      throw functionFailed(error, ref, '')
    }
  }

  #failed(error: unknown, site: number, row: number, batch: Batch | undefined): unknown {
    const source = batch?.header.source
    const where = source === undefined ? '' : ` (row ${source.firstRow + row + 1} of split ${source.split})`
    const closures = this.#node.spec.steps.flatMap((step) => (step.step === 'parallelDo' ? [step.fn] : []))
    const fn = closures[site]
    if (fn !== undefined) return functionFailed(error, fn, where)
    const of = closures[-2 - site]
    if (
      of === undefined ||
      !(error instanceof MillraceError) ||
      error.details.operator !== undefined ||
      error.details.at !== undefined
    )
      return error
    return new MillraceError(error.code, `result of ${of.label}${where}: ${error.message}`, {
      ...error.details,
      operator: of.label,
    })
  }
}

function functionFailed(error: unknown, fn: FnRef, where: string): unknown {
  if (error instanceof MillraceError) return error
  const message = error instanceof Error ? error.message : String(error)
  return runError('RUN_FUNCTION_FAILED', `${fn.label} threw '${message}'${where}`, { operator: fn.label, cause: error })
}

function refuseAsync(fn: FnRef, live: Function): void {
  if (Object.prototype.toString.call(live) !== '[object AsyncFunction]') return
  throw runError('RUN_FUNCTION_FAILED', `${fn.label} is an async function`, {
    operator: fn.label,
    hint: 'functions of a pipeline are synchronous: read what they need before the run',
  })
}
