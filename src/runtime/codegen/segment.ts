import type { Batch } from '../../data/batch.ts'
import type { PhysicalNodeOf, SegmentStep } from '../../ir/physical.ts'
import type { Operator, OperatorContext, OperatorFactory } from '../operator.ts'
import { isText } from './code.ts'
import { type GroupReader, groupReader } from './groups.ts'
import { rowCountOf, SegmentLoops } from './loops.ts'
import { type BatchTarget, Output } from './output.ts'
import { endsInPieces } from './pieces.ts'
import { createProjection } from './projection.ts'
import type { SegmentInput } from './shape.ts'
import { sourcesOf } from './sources.ts'
import { NotOfRow } from './support.ts'

/**
 * Runs a segment: its steps in one generated loop over each batch, interpreted where code from strings is forbidden.
 *
 * In: any batches of the input row; clustered ones with `groupStarts` when the first step takes groups. Out: batches of about 8,192 rows or
 * 256 KiB, in the order of the input, each row with the weight of the row it came from; projections alone keep the batches of the input.
 * Memory: one batch, and one open group.
 *
 * @throws {@link MillraceError} `RUN_FUNCTION_FAILED` for what user functions throw, `DATA_SHAPE_CHANGED` for results of another shape,
 * errors of expressions with the place of the expression.
 */
export const createSegment: OperatorFactory<'segment'> = (node, ctx) => createSegmentFor(node, ctx)

/** `createSegment` with another size of its output batches. */
export function createSegmentFor(node: PhysicalNodeOf<'segment'>, ctx: OperatorContext, target?: BatchTarget): Operator {
  return createProjection(node, ctx) ?? createLoop(node, ctx, target)
}

function createLoop({ spec }: PhysicalNodeOf<'segment'>, ctx: OperatorContext, target?: BatchTarget): Operator {
  const isNumbered = endsInPieces(spec.steps, ctx.fields, ctx.inputs[0].length)
  let output: Output | undefined
  let lends = false
  const loops = new SegmentLoops(spec.steps, ctx.fields, ctx)
  const passed = loops.isInterpreted ? [] : passedTexts(spec.steps, ctx)
  const [first] = spec.steps
  const groups: GroupReader | undefined =
    spec.clustered && first.step === 'parallelDo' ? groupReader(first.input, ctx) : undefined
  const emit = (batch: Batch): undefined | Promise<void> => ctx.emit(batch)

  /** Made with the first rows: the operator behind this one is there by then. */
  const open = (): Output => {
    if (output !== undefined) return output
    // Interpreted, a null is appended to an array that must be empty there.
    lends = ctx.lends() && !loops.isInterpreted
    const made = new Output(ctx.fields, target, isNumbered ? ctx.textNumbering() : undefined)
    made.offer = () => {
      try {
        made.giveAway(emit)
      } catch (cause) {
        // The loop that asks is at work on a row, and operators behind this one have failed.
        throw ctx.leaveOut === undefined ? cause : new NotOfRow(cause)
      }
      return ctx.isDone()
    }
    output = made
    return made
  }

  /** Works on the rows from `from` on until they end or a made batch finds no credit; goes on when it has some. */
  const drive = (output: Output, input: SegmentInput, from: number): undefined | Promise<void> => {
    const rowCount = rowCountOf(input)
    for (let row = from; row < rowCount && !ctx.isDone(); ) {
      output.follow()
      row = loops.run(input, output, row)
      if (output.isFull()) output.flush(lends)
      const wait = output.drain(emit)
      if (wait !== undefined) return wait.then(() => drive(output, input, row))
    }
    return undefined
  }
  /** Tells the output which columns of a batch go through it unchanged. */
  const pass = (output: Output, batch: Batch): void => {
    for (const { from, to } of passed) output.pass(to, batch.columns[from])
  }
  const flush = (): undefined | Promise<void> => {
    output?.flush()
    return output?.drain(emit)
  }

  return {
    name: 'segment',
    // A group that is open keeps its batches.
    borrows: groups === undefined,
    push(_, batch) {
      if (batch.rowCount === 0) return undefined
      pass(open(), batch)
      open().begin(batch.header, batch.weights !== undefined)
      return drive(open(), groups === undefined ? { batch } : { values: groups.take(batch) }, 0)
    },
    finish() {
      const wait = groups === undefined ? undefined : drive(open(), { values: groups.end() }, 0)
      return wait === undefined ? flush() : wait.then(flush)
    },
    barrier(epoch) {
      const wait = flush()
      return wait === undefined ? ctx.emitBarrier(epoch) : wait.then(() => ctx.emitBarrier(epoch))
    },
    close() {},
  }
}

/** The text columns that a segment only filters and moves. */
function passedTexts(steps: readonly SegmentStep[], ctx: OperatorContext): readonly { from: number; to: number }[] {
  const sources = sourcesOf(steps, ctx.inputs[0].length) ?? []
  return sources.flatMap((from, to) => (from !== undefined && isText(ctx.fields[to].type) ? [{ from, to }] : []))
}
