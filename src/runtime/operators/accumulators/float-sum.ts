import { BytesBuilder, LaneBuilder } from '../../../data/builder.ts'
import type { BytesColumn, LaneColumn } from '../../../data/column.ts'
import { isValid } from '../../../data/column.ts'
import { ExactSums } from '../../../data/exact-sum.ts'
import { plainColumn } from '../../../data/gather.ts'
import { types } from '../../../data/type.ts'
import type { Accumulator } from './accumulator.ts'

/** sum and avg of float64, exact and rounded once: the same for every order and split of the rows. */
export function createFloatSum(result: 'sum' | 'avg'): Accumulator {
  let sums = new ExactSums(256)

  return {
    stateTypes: [types.bytes],
    reserve(groups) {
      sums.reserve(groups)
    },
    add(groups, rowCount, args, weights) {
      const column = plainColumn(args[0]) as LaneColumn
      const values = column.values as Float64Array
      if (weights === undefined) sums.addColumn(groups, values, column.nulls, rowCount)
      else
        for (let row = 0; row < rowCount; row++)
          if (isValid(column, row)) sums.addWeighted(groups[row], values[row], weights[row])
    },
    merge(groups, rowCount, [state]) {
      const { data, offsets } = plainColumn(state) as BytesColumn
      for (let row = 0; row < rowCount; row++) sums.mergeSerialised(groups[row], data, offsets[row], offsets[row + 1])
    },
    states(order, from, to) {
      const builder = new BytesBuilder(types.bytes, to - from)
      for (let i = from; i < to; i++) {
        const bytes = sums.serialise(order[i])
        builder.appendBytes(bytes, 0, bytes.length)
      }
      return [builder.finish()]
    },
    results(order, from, to) {
      const builder = new LaneBuilder(types.float64, to - from)
      for (let i = from; i < to; i++) {
        const group = order[i]
        if (sums.rows[group] === 0) builder.appendNull()
        else builder.append(result === 'sum' ? sums.result(group) : sums.average(group))
      }
      return builder.finish()
    },
    clear() {
      sums = new ExactSums(256)
    },
    get sizeBytes() {
      return sums.sizeBytes
    },
  }
}
