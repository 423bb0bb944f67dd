import type { BytesColumn, LaneColumn } from '../../src/data/column.ts'
import { begin, end } from '../report-usage.js'
import { Digest, type KeyKind, makeBatches, stringsOf } from './rows.ts'

// A Map from key to an object with count and sum, over keys that are numbers or strings already.
const kind = process.argv[2] as KeyKind
const rows = makeBatches(kind, Number(process.argv[3])).map(({ columns: [key, value] }) => ({
  keys: kind === 'int64' ? Array.from((key as LaneColumn).values as Float64Array) : stringsOf(key as BytesColumn),
  values: (value as LaneColumn).values as Float64Array,
}))

begin()
const groups = new Map<number | string, { count: number; sum: number }>()
for (const { keys, values } of rows) {
  for (let row = 0; row < keys.length; row++) {
    const group = groups.get(keys[row])
    if (group === undefined) groups.set(keys[row], { count: 1, sum: values[row] })
    else {
      group.count++
      group.sum += values[row]
    }
  }
}
end()

const digest = new Digest()
for (const { count, sum } of groups.values()) digest.add(count, sum)
console.log(`${digest}`)
