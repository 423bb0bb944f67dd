import { createBuilder, LaneBuilder } from '../../../data/builder.ts'
import type { BytesColumn, Column, LaneColumn } from '../../../data/column.ts'
import { isValid } from '../../../data/column.ts'
import { canonicalValue, compareValues } from '../../../data/compare.ts'
import { plainColumn } from '../../../data/gather.ts'
import { valueAt } from '../../../data/read.ts'
import type { Type, Value } from '../../../data/type.ts'
import type { Accumulator } from './accumulator.ts'
import { grownBytes, grownDoubles } from './accumulator.ts'
import { GroupTexts } from './group-texts.ts'

/**
 * min (sign −1) and max (sign 1); also any_value, logical_and (min) and logical_or (max). Null over no rows; a NaN wins over all floats.
 * The state is the value itself, so merging is adding.
 */
export function createExtreme(type: Type, sign: 1 | -1): Accumulator {
  switch (type.kind) {
    case 'string':
    case 'bytes':
      return createBytesExtreme(type, sign)
    case 'array':
    case 'struct':
    case 'js':
      return createValueExtreme(type, sign)
    default:
      return createLaneExtreme(type, sign)
  }
}

function createLaneExtreme(type: Type, sign: 1 | -1): Accumulator {
  let best: Float64Array = new Float64Array(256)
  let seen: Uint8Array = new Uint8Array(256)
  /** Groups whose best is an integer beyond 2^53; their slot in `best` is it rounded. */
  let wide = new Map<number, bigint>()

  const add: Accumulator['add'] = (groups, rowCount, args) => {
    const column = plainColumn(args[0]) as LaneColumn
    const { values, nulls } = column
    if (values instanceof Float64Array && wide.size === 0) addDoubles(groups, rowCount, values, nulls)
    else if (values instanceof BigInt64Array || wide.size > 0)
      for (let row = 0; row < rowCount; row++) addWide(groups[row], column, row)
    else addDoubles(groups, rowCount, Float64Array.from(values as Int32Array), nulls)
  }
  return {
    stateTypes: [type],
    reserve(groups) {
      best = grownDoubles(best, groups)
      seen = grownBytes(seen, groups)
    },
    add,
    merge: (groups, rowCount, states) => add(groups, rowCount, states),
    states: (order, from, to) => [column(order, from, to)],
    results: (order, from, to) => column(order, from, to),
    clear() {
      best = new Float64Array(256)
      seen = new Uint8Array(256)
      wide = new Map()
    },
    get sizeBytes() {
      return best.byteLength + seen.byteLength + wide.size * 64
    },
  }

  function addDoubles(groups: Int32Array, rowCount: number, values: Float64Array, nulls: Uint8Array | undefined): void {
    for (let row = 0; row < rowCount; row++) {
      if (nulls !== undefined && (nulls[row >> 3] & (1 << (row & 7))) === 0) continue
      const group = groups[row]
      const value = values[row]
      if (seen[group] === 0) {
        seen[group] = 1
        best[group] = value
      } else if (sign < 0 ? value < best[group] : value > best[group]) {
        best[group] = value
      } else if (Number.isNaN(value)) best[group] = value
    }
  }

  function addWide(group: number, column: LaneColumn, row: number): void {
    if (!isValid(column, row)) return
    const value = valueAt(column, row) as number | bigint
    const held = wide.get(group) ?? best[group]
    if (seen[group] !== 0 && !(sign < 0 ? value < held : value > held)) return
    seen[group] = 1
    best[group] = Number(value)
    if (typeof value === 'bigint') wide.set(group, value)
    else wide.delete(group)
  }

  function column(order: Int32Array, from: number, to: number): Column {
    const builder = new LaneBuilder(type, to - from)
    for (let i = from; i < to; i++) {
      const group = order[i]
      if (seen[group] === 0) builder.appendNull()
      else builder.append(wide.get(group) ?? best[group] + 0)
    }
    return builder.finish()
  }
}

/** Texts: a new best is copied, which a random order makes rare (about ln n times a group). */
function createBytesExtreme(type: Type, sign: 1 | -1): Accumulator {
  let best = new GroupTexts()

  const add: Accumulator['add'] = (groups, rowCount, args) => {
    const column = plainColumn(args[0]) as BytesColumn
    const { data, offsets } = column
    for (let row = 0; row < rowCount; row++) {
      if (!isValid(column, row)) continue
      const group = groups[row]
      if (best.has(group) && best.compare(group, data, offsets[row], offsets[row + 1]) * sign >= 0) continue
      best.set(group, data, offsets[row], offsets[row + 1])
    }
  }
  return {
    stateTypes: [type],
    reserve: (groups) => best.reserve(groups),
    add,
    merge: (groups, rowCount, states) => add(groups, rowCount, states),
    states: (order, from, to) => [best.column(type, order, from, to)],
    results: (order, from, to) => best.column(type, order, from, to),
    clear() {
      best = new GroupTexts()
    },
    get sizeBytes() {
      return best.sizeBytes
    },
  }
}

function createValueExtreme(type: Type, sign: 1 | -1): Accumulator {
  let best: Value[] = []

  const add: Accumulator['add'] = (groups, rowCount, args) => {
    for (let row = 0; row < rowCount; row++) {
      const value = valueAt(args[0], row)
      if (value === null) continue
      const held = best[groups[row]]
      if (held === null || compareValues(type, value, held) * sign > 0) best[groups[row]] = canonicalValue(type, value)
    }
  }
  return {
    stateTypes: [type],
    reserve(groups) {
      while (best.length < groups) best.push(null)
    },
    add,
    merge: (groups, rowCount, states) => add(groups, rowCount, states),
    states: (order, from, to) => [column(order, from, to)],
    results: (order, from, to) => column(order, from, to),
    clear() {
      best = []
    },
    get sizeBytes() {
      return best.length * 128
    },
  }

  function column(order: Int32Array, from: number, to: number): Column {
    const builder = createBuilder(type, to - from)
    for (let i = from; i < to; i++) builder.appendValue(best[order[i]])
    return builder.finish()
  }
}
