import { LaneBuilder } from '../../../data/builder.ts'
import type { Column, LaneColumn } from '../../../data/column.ts'
import { isValid } from '../../../data/column.ts'
import { plainColumn } from '../../../data/gather.ts'
import { nearestDouble } from '../../../data/rounding.ts'
import { types } from '../../../data/type.ts'
import { checkedSum } from '../../../ir/functions/aggregates.ts'
import type { Accumulator } from './accumulator.ts'
import { grownDoubles } from './accumulator.ts'

const two32 = 4294967296
/** Below this a lane takes one more number of the same size without rounding. */
const limit = 2 ** 52

/**
 * sum and avg of int64, exact: total = high · 2^32 + low in two doubles, carried when `low` grows large. The range is checked at the end only, so
 * that whether a sum fails does not depend on the order of its rows.
 */
export function createIntSum(result: 'sum' | 'avg'): Accumulator {
  let low: Float64Array = new Float64Array(256)
  let high: Float64Array = new Float64Array(256)
  let rows: Float64Array = new Float64Array(256)

  return {
    stateTypes: [types.int64, types.int64, types.int64],
    reserve(groups) {
      low = grownDoubles(low, groups)
      high = grownDoubles(high, groups)
      rows = grownDoubles(rows, groups)
    },
    add(groups, rowCount, args, weights) {
      const column = plainColumn(args[0]) as LaneColumn
      if (column.values instanceof BigInt64Array) addWide(groups, rowCount, column, column.values, weights)
      else if (column.nulls !== undefined || weights !== undefined) addSome(groups, rowCount, column, weights)
      else addAll(groups, rowCount, column.values as Float64Array)
    },
    merge(groups, rowCount, [lows, highs, counts]) {
      const a = (lows as LaneColumn).values
      const b = (highs as LaneColumn).values
      const c = (counts as LaneColumn).values
      for (let row = 0; row < rowCount; row++) {
        const group = groups[row]
        put(group, Number(a[row]))
        high[group] += Number(b[row])
        rows[group] += Number(c[row])
      }
    },
    states(order, from, to) {
      const out = [new Float64Array(to - from), new Float64Array(to - from), new Float64Array(to - from)]
      for (let i = from; i < to; i++) {
        const group = order[i]
        carry(group)
        out[0][i - from] = low[group]
        out[1][i - from] = high[group]
        out[2][i - from] = rows[group]
      }
      return out.map((values): Column => ({ store: 'lane', type: types.int64, length: to - from, values }))
    },
    results(order, from, to) {
      const builder = new LaneBuilder(result === 'avg' ? types.float64 : types.int64, to - from)
      for (let i = from; i < to; i++) {
        const group = order[i]
        carry(group)
        const total = high[group] * two32 + low[group]
        if (rows[group] === 0) builder.appendNull()
        else if (Number.isSafeInteger(total)) builder.append((result === 'avg' ? total / rows[group] : total) + 0)
        else {
          const exact = BigInt(high[group]) * 4294967296n + BigInt(low[group])
          builder.append(result === 'avg' ? nearestDouble(exact, BigInt(rows[group])) : checkedSum(exact))
        }
      }
      return builder.finish()
    },
    clear() {
      low = new Float64Array(256)
      high = new Float64Array(256)
      rows = new Float64Array(256)
    },
    get sizeBytes() {
      return low.byteLength * 3
    },
  }

  function addAll(groups: Int32Array, rowCount: number, values: Float64Array): void {
    for (let row = 0; row < rowCount; row++) {
      const group = groups[row]
      rows[group]++
      put(group, values[row])
    }
  }

  function addSome(groups: Int32Array, rowCount: number, column: LaneColumn, weights: Int32Array | undefined): void {
    const values = column.values as Float64Array
    for (let row = 0; row < rowCount; row++) {
      if (!isValid(column, row)) continue
      const group = groups[row]
      const weight = weights === undefined ? 1 : weights[row]
      rows[group] += weight
      if (weight === 1) put(group, values[row])
      else putBig(group, BigInt(values[row]) * BigInt(weight))
    }
  }

  /** BigInt arithmetic is some 15 times slower: the halves are read as words instead. */
  function addWide(
    groups: Int32Array,
    rowCount: number,
    column: LaneColumn,
    values: BigInt64Array,
    weights: Int32Array | undefined,
  ): void {
    const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
    for (let row = 0; row < rowCount; row++) {
      if (!isValid(column, row)) continue
      const group = groups[row]
      const weight = weights === undefined ? 1 : weights[row]
      rows[group] += weight
      if (weight !== 1) putBig(group, values[row] * BigInt(weight))
      else {
        put(group, words[row * 2] >>> 0)
        high[group] += words[row * 2 + 1]
      }
    }
  }

  function put(group: number, value: number): void {
    if (value > limit || value < -limit) {
      const part = Math.floor(value / two32)
      high[group] += part
      value -= part * two32
    }
    const sum = low[group] + value
    low[group] = sum
    if (sum > limit || sum < -limit) carry(group)
  }

  function putBig(group: number, value: bigint): void {
    high[group] += Number(value >> 32n)
    put(group, Number(value & 0xffffffffn))
  }

  /** Brings `low` between 0 and 2^32 − 1. */
  function carry(group: number): void {
    const part = Math.floor(low[group] / two32)
    high[group] += part
    low[group] -= part * two32
  }
}
