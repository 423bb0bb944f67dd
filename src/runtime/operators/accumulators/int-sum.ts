import { LaneBuilder } from '../../../data/builder.ts'
import type { Column, LaneColumn } from '../../../data/column.ts'
import { isValid } from '../../../data/column.ts'
import { plainColumn } from '../../../data/gather.ts'
import { nearestDouble } from '../../../data/rounding.ts'
import { types } from '../../../data/type.ts'
import { checkedSum } from '../../../ir/functions/aggregates.ts'
import { arraysAt } from '../../wasm/kernel-memory.ts'
import type { Accumulator } from './accumulator.ts'
import { grownDoubles } from './accumulator.ts'
import { GroupDoubles } from './group-doubles.ts'

const two32 = 4294967296
/** Below this a lane takes one more number of the same size without rounding. */
const limit = 2 ** 52

/**
 * sum and avg of int64, exact: total = high · 2^32 + low in two doubles, carried when `low` grows large. The range is checked at the end only, so
 * that whether a sum fails does not depend on the order of its rows.
 */
export function createIntSum(result: 'sum' | 'avg', kernelFrom?: number): Accumulator {
  let store = new GroupDoubles(kernelFrom)
  /** Of group g the low part at 2 · g and the number of rows behind it: most rows touch nothing else. */
  let sums = store.values
  let high: Float64Array = new Float64Array(256)

  return {
    stateTypes: [types.int64, types.int64, types.int64],
    reserve(groups) {
      store.reserve(groups * 2)
      sums = store.values
      high = grownDoubles(high, groups)
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
        put(sums, high, group, Number(a[row]))
        high[group] += Number(b[row])
        sums[group * 2 + 1] += Number(c[row])
      }
    },
    states(order, from, to) {
      const out = [new Float64Array(to - from), new Float64Array(to - from), new Float64Array(to - from)]
      for (let i = from; i < to; i++) {
        const group = order[i]
        carry(sums, high, group)
        out[0][i - from] = sums[group * 2]
        out[1][i - from] = high[group]
        out[2][i - from] = sums[group * 2 + 1]
      }
      return out.map((values): Column => ({ store: 'lane', type: types.int64, length: to - from, values }))
    },
    results(order, from, to) {
      const builder = new LaneBuilder(result === 'avg' ? types.float64 : types.int64, to - from)
      for (let i = from; i < to; i++) {
        const group = order[i]
        const rows = sums[group * 2 + 1]
        const total = high[group] * two32 + sums[group * 2]
        if (rows === 0) builder.appendNull()
        else if (Number.isSafeInteger(total)) builder.append((result === 'avg' ? total / rows : total) + 0)
        else {
          const exact = BigInt(high[group]) * 4294967296n + BigInt(sums[group * 2])
          builder.append(result === 'avg' ? nearestDouble(exact, BigInt(rows)) : checkedSum(exact))
        }
      }
      return builder.finish()
    },
    clear() {
      store = new GroupDoubles(kernelFrom)
      sums = store.values
      high = new Float64Array(256)
    },
    get sizeBytes() {
      return store.sizeBytes + high.byteLength
    },
  }

  function addAll(groups: Int32Array, rowCount: number, values: Float64Array): void {
    for (let row = 0; row < rowCount; row++) {
      row =
        store.memory === undefined
          ? addRows(sums, groups, values, row, rowCount)
          : store.memory.addValues(groups, values, row, rowCount, arraysAt, limit)
      if (row === rowCount) return
      sums[groups[row] * 2 + 1]++
      put(sums, high, groups[row], values[row])
    }
  }

  function addSome(groups: Int32Array, rowCount: number, column: LaneColumn, weights: Int32Array | undefined): void {
    const values = column.values as Float64Array
    for (let row = 0; row < rowCount; row++) {
      if (!isValid(column, row)) continue
      const group = groups[row]
      const weight = weights === undefined ? 1 : weights[row]
      sums[group * 2 + 1] += weight
      if (weight === 1) put(sums, high, group, values[row])
      else putBig(group, BigInt(values[row]) * BigInt(weight))
    }
  }

  /** BigInt arithmetic allocates: the halves are read as words instead. */
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
      sums[group * 2 + 1] += weight
      if (weight !== 1) putBig(group, values[row] * BigInt(weight))
      else {
        put(sums, high, group, words[row * 2] >>> 0)
        high[group] += words[row * 2 + 1]
      }
    }
  }

  function putBig(group: number, value: bigint): void {
    high[group] += Number(value >> 32n)
    put(sums, high, group, Number(value & 0xffffffffn))
  }
}

/** The twin of the kernel `addValues`: gives the row where it stopped, whose value or sum is too large to be added without a carry. */
function addRows(sums: Float64Array, groups: Int32Array, values: Float64Array, row: number, to: number): number {
  for (; row < to; row++) {
    const at = groups[row] * 2
    const value = values[row]
    const sum = sums[at] + value
    if (value > limit || value < -limit || sum > limit || sum < -limit) return row
    sums[at] = sum
    sums[at + 1]++
  }
  return row
}

function put(sums: Float64Array, high: Float64Array, group: number, value: number): void {
  if (value > limit || value < -limit) {
    const part = Math.floor(value / two32)
    high[group] += part
    value -= part * two32
  }
  const sum = sums[group * 2] + value
  sums[group * 2] = sum
  if (sum > limit || sum < -limit) carry(sums, high, group)
}

/** Brings the low part between 0 and 2^32 − 1. */
function carry(sums: Float64Array, high: Float64Array, group: number): void {
  const part = Math.floor(sums[group * 2] / two32)
  high[group] += part
  sums[group * 2] -= part * two32
}
