import { BytesBuilder, createBuilder } from '../../../data/builder.ts'
import type { BytesColumn, Column } from '../../../data/column.ts'
import { isValid } from '../../../data/column.ts'
import { canonicalValue } from '../../../data/compare.ts'
import { comparatorOf } from '../../../data/compare-rows.ts'
import { gatherColumn } from '../../../data/gather.ts'
import { valueAt } from '../../../data/read.ts'
import type { Type } from '../../../data/type.ts'
import { types } from '../../../data/type.ts'
import { checkValueBytes, checkValues } from '../../../ir/functions/size-limit.ts'
import type { Accumulator } from './accumulator.ts'
import { createExtreme } from './extreme.ts'
import { listsOf, ValueBag } from './value-bag.ts'

/** array_agg: the values of each group in ascending order, nulls first; null over no rows. */
export function createArrayAgg(item: Type): Accumulator {
  const bag = new ValueBag(item)
  let groupCount = 0
  return {
    stateTypes: [types.array(item)],
    reserve(groups) {
      groupCount = Math.max(groupCount, groups)
    },
    add: (groups, rowCount, args) => bag.add(groups, rowCount, args[0], false),
    merge: (groups, rowCount, states) => bag.addLists(groups, rowCount, states[0]),
    states: (order, from, to) => [listsOf(bag, item, groupCount, order, from, to)],
    results(order, from, to) {
      const { values, rows, starts } = bag.byGroup(groupCount)
      const compare = comparatorOf(values)
      const builder = createBuilder(types.array(item), to - from)
      for (let i = from; i < to; i++) {
        const own = rows.subarray(starts[order[i]], starts[order[i] + 1]).sort(compare)
        // Each item counts eight bytes, so that not all of them have to be looked at.
        checkValueBytes('array_agg', own.length * 8)
        const items = Array.from(own, (row) => canonicalValue(item, valueAt(values, row)))
        checkValues('array_agg', item, items)
        builder.appendValue(items.length === 0 ? null : items)
      }
      return builder.finish()
    },
    clear() {
      bag.clear()
      groupCount = 0
    },
    get sizeBytes() {
      return bag.sizeBytes
    },
  }
}

/** string_agg: the texts of each group in ascending order, joined with the smallest separator of its rows, by default a comma. */
export function createStringAgg(withSeparator: boolean): Accumulator {
  const bag = new ValueBag(types.string)
  const separators = withSeparator ? createExtreme(types.string, -1) : undefined
  const comma = Uint8Array.of(44)
  let groupCount = 0
  return {
    stateTypes: [types.array(types.string, false), ...(separators === undefined ? [] : [types.string])],
    reserve(groups) {
      groupCount = Math.max(groupCount, groups)
      separators?.reserve(groups)
    },
    add(groups, rowCount, args) {
      bag.add(groups, rowCount, args[0], true)
      separators?.add(groups, rowCount, [separatorsOf(args[0], args[1])])
    },
    merge(groups, rowCount, states) {
      bag.addLists(groups, rowCount, states[0])
      separators?.merge(groups, rowCount, [states[1]])
    },
    states: (order, from, to) => [
      listsOf(bag, types.string, groupCount, order, from, to),
      ...(separators?.states(order, from, to) ?? []),
    ],
    results(order, from, to) {
      const { values, rows, starts } = bag.byGroup(groupCount)
      const compare = comparatorOf(values)
      const between = separators?.results(order, from, to) as BytesColumn | undefined
      const builder = new BytesBuilder(types.string, to - from)
      for (let i = from; i < to; i++) {
        const own = rows.subarray(starts[order[i]], starts[order[i] + 1]).sort(compare)
        if (own.length === 0) builder.appendNull()
        else {
          const separator = between === undefined || !isValid(between, i - from) ? comma : bytesAt(between, i - from)
          appendJoined(builder, values as BytesColumn, own, separator)
        }
      }
      return builder.finish()
    },
    clear() {
      bag.clear()
      separators?.clear()
      groupCount = 0
    },
    get sizeBytes() {
      return bag.sizeBytes + (separators?.sizeBytes ?? 0)
    },
  }
}

const bytesAt = (column: BytesColumn, row: number): Uint8Array =>
  column.data.subarray(column.offsets[row], column.offsets[row + 1])

function appendJoined(builder: BytesBuilder, texts: BytesColumn, rows: Int32Array, separator: Uint8Array): void {
  const parts: Uint8Array[] = []
  let size = 0
  for (let i = 0; i < rows.length; i++) {
    const text = bytesAt(texts, rows[i])
    if (i > 0) parts.push(separator)
    parts.push(text)
    checkValueBytes('string_agg', (size += text.length + (i > 0 ? separator.length : 0)))
  }
  const joined = Buffer.concat(parts)
  builder.appendBytes(joined, 0, joined.length)
}

/** The separators of rows whose text counts. */
function separatorsOf(texts: Column, separators: Column): Column {
  if (texts.nulls === undefined) return separators
  const rows = new Int32Array(texts.length)
  for (let row = 0; row < texts.length; row++) rows[row] = isValid(texts, row) ? row : -1
  return gatherColumn(separators, rows, texts.length)
}
