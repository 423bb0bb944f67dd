import { type Batch, maxBatchRows } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import { gatherColumn } from '../../data/gather.ts'
import { makeBatch, sliceColumn } from '../../data/read.ts'
import type { PhysicalNodeOf } from '../../ir/physical.ts'
import type { Operator, OperatorContext } from '../operator.ts'
import { SegmentLoops } from './loops.ts'
import { Output } from './output.ts'
import { sourcesOf } from './sources.ts'

/** No more bytes than this in a computed column of one batch, however large its texts get. */
const byteLimit = 2 ** 24

/**
 * A segment of projections alone: its rows are those of the input one to one, so that columns which pass through are shared and not copied.
 * Undefined for other segments.
 */
export function createProjection({ spec }: PhysicalNodeOf<'segment'>, ctx: OperatorContext): Operator | undefined {
  const { steps } = spec
  const projects = steps.filter((step) => step.step === 'project')
  if (spec.clustered || projects.length < steps.length) return undefined
  const sources = sourcesOf(steps, ctx.inputs[0].length) as readonly (number | undefined)[]
  const fields = ctx.fields.filter((_, i) => sources[i] === undefined)
  const last = projects[projects.length - 1]
  const computed = { ...last, exprs: last.exprs.filter((_, i) => sources[i] === undefined) }
  const output = new Output(fields, { rows: maxBatchRows, bytes: byteLimit })
  const loops = new SegmentLoops([...steps.slice(0, -1), computed], fields, ctx)

  const drive = (batch: Batch, from: number): undefined | Promise<void> => {
    const { source: _, openGroup: __, ...header } = batch.header
    for (let row = from; row < batch.rowCount; ) {
      const start = row
      if (fields.length > 0) output.reserve(batch.rowCount - row)
      row = fields.length === 0 ? batch.rowCount : loops.run({ batch }, output, row)
      const made = output.take()
      const kept = keptRows(start, row, fields.length === 0 ? [] : loops.leftOut)
      const share = (column: Column): Column => {
        if (kept !== undefined) return gatherColumn(column, kept, kept.length)
        return start === 0 && row === batch.rowCount ? column : sliceColumn(column, start, row)
      }
      let next = 0
      const columns = sources.map((column) => (column === undefined ? made[next++] : share(batch.columns[column])))
      const weights =
        kept === undefined ? batch.weights?.subarray(start, row) : batch.weights && kept.map((i) => batch.weights![i])
      const wait = ctx.emit(makeBatch(columns, kept?.length ?? row - start, { header, weights }))
      if (wait !== undefined) {
        const at = row
        return wait.then(() => drive(batch, at))
      }
    }
    return undefined
  }

  return {
    name: 'segment',
    // Weights travel with the batch: the loop need not see them.
    push: (_, batch) => drive(batch, 0),
    finish() {},
    barrier: (epoch) => ctx.emitBarrier(epoch),
    close() {},
  }
}

/** Rows `from .. to` without those that failed; undefined when none did. */
function keptRows(from: number, to: number, leftOut: readonly number[]): Int32Array | undefined {
  if (leftOut.length === 0) return undefined
  const kept = new Int32Array(to - from - leftOut.length)
  for (let row = from, next = 0, out = 0; row < to; row++) {
    if (row === leftOut[next]) next++
    else kept[out++] = row
  }
  return kept
}
