import { resourceError } from '../../base/errors.ts'
import type { Batch } from '../../data/batch.ts'
import type { RowShape } from '../../ir/physical.ts'
import type { OperatorContext } from '../operator.ts'
import { type GroupRows, GroupValues, RowIterable, rowReader } from './group-values.ts'
import { valueColumns } from './row-shape.ts'

/** Turns clustered batches into `[key, values]` pairs. A group that goes on in the next batch waits for it. */
export interface GroupReader {
  /** The pairs of the groups that end in this batch. */
  take(batch: Batch): readonly unknown[]
  /** The pair of the group that was open at the end of the input. */
  end(): readonly unknown[]
}

export function groupReader(shape: RowShape, ctx: Pick<OperatorContext, 'grant'>): GroupReader {
  const keys = shape.keys ?? []
  const values = valueColumns(shape)
  let open: GroupRows[] = []
  let openBytes = 0
  /** Was memory asked for, for a group that may have been read since? */
  let holds = false

  const close = (group: readonly GroupRows[]): unknown => {
    const [{ batch, from }] = group
    const key = rowReader(batch, shape, keys, shape.keyElement === true)(from)
    return [
      key,
      new GroupValues(
        group.map((rows) => new RowIterable(rowReader(rows.batch, shape, values, shape.element), rows.from, rows.to)),
      ),
    ]
  }
  const keep = (rows: GroupRows): void => {
    open.push(rows)
    openBytes += rows.batch.sizeBytes
    // One batch is the operator's own; only a group over several of them is a matter of memory.
    if (open.length < 2) return
    holds = true
    if (ctx.grant(openBytes) === 'spill') {
      throw resourceError('RESOURCE_GROUP_TOO_LARGE', `one group takes more than ${openBytes} bytes`, {
        hint: 'combineValues needs no group as a whole',
      })
    }
  }
  const end = (): unknown[] => {
    const last = open
    open = []
    openBytes = 0
    return last.length === 0 ? [] : [close(last)]
  }

  return {
    end,
    take(batch) {
      if (holds && open.length === 0) {
        holds = false
        ctx.grant(0)
      }
      const pairs: unknown[] = []
      const starts = batch.groupStarts ?? new Int32Array(1)
      for (let i = 0; i < starts.length; i++) {
        const rows = { batch, from: starts[i], to: i + 1 < starts.length ? starts[i + 1] : batch.rowCount }
        const goesOn = i === starts.length - 1 && batch.header.openGroup === true
        if (goesOn || (i === 0 && open.length > 0)) {
          keep(rows)
          if (!goesOn) pairs.push(...end())
        } else pairs.push(close([rows]))
      }
      return pairs
    },
  }
}
