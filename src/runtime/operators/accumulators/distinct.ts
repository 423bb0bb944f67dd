import type { Column, LaneColumn } from '../../../data/column.ts'
import { isValid } from '../../../data/column.ts'
import { gatherColumn } from '../../../data/gather.ts'
import type { Type } from '../../../data/type.ts'
import { types } from '../../../data/type.ts'
import { GroupTable } from '../group-table.ts'
import type { Accumulator } from './accumulator.ts'
import { listsOf, ValueBag } from './value-bag.ts'

/**
 * Feeds `inner` every distinct argument of a group once. The pairs (group, arguments) are the keys of a table of their own.
 * State: one array an argument, item i of all arrays being the i-th distinct arguments.
 */
export function createDistinct(
  inner: Accumulator,
  argTypes: readonly Type[],
  skipsNulls: boolean,
  hashSeed: number,
): Accumulator {
  let pairs = new GroupTable([types.int64, ...argTypes], hashSeed)
  let scratch = new Int32Array(0)
  let groupCount = 0
  /** Pairs that `inner` has seen. */
  let fed = 0

  return {
    stateTypes: argTypes.map((type) => types.array(type)),
    reserve(groups) {
      groupCount = Math.max(groupCount, groups)
    },
    add,
    merge(groups, rowCount, states) {
      const lists = states.map((state, i) => {
        const bag = new ValueBag(argTypes[i])
        bag.addLists(groups, rowCount, state)
        return bag
      })
      const { rows, starts } = lists[0].byGroup(groupCount)
      const owners = new Int32Array(rows.length)
      for (let group = 0; group < groupCount; group++) owners.fill(group, starts[group], starts[group + 1])
      const args = lists.map((bag) => gatherColumn(bag.byGroup(groupCount).values, rows, rows.length))
      add(owners, rows.length, args)
    },
    states(order, from, to) {
      const columns = pairs.keyColumns()
      const owners = ownersOf(columns[0])
      return argTypes.map((type, i) => {
        const bag = new ValueBag(type)
        bag.add(owners, pairs.count, columns[i + 1], false)
        return listsOf(bag, type, groupCount, order, from, to)
      })
    },
    results(order, from, to) {
      feed()
      return inner.results(order, from, to)
    },
    clear() {
      pairs = new GroupTable([types.int64, ...argTypes], hashSeed)
      inner.clear()
      groupCount = 0
      fed = 0
    },
    get sizeBytes() {
      return pairs.sizeBytes + inner.sizeBytes
    },
  }

  function add(groups: Int32Array, rowCount: number, args: readonly Column[]): void {
    const rows = new Int32Array(rowCount)
    let taken = 0
    for (let row = 0; row < rowCount; row++) if (!skipsNulls || isValid(args[0], row)) rows[taken++] = row
    const values = new Float64Array(taken)
    for (let i = 0; i < taken; i++) values[i] = groups[rows[i]]
    const owner: LaneColumn = { store: 'lane', type: types.int64, length: taken, values }
    const kept = taken === rowCount ? args : args.map((column) => gatherColumn(column, rows, taken))
    if (scratch.length < taken) scratch = new Int32Array(taken)
    pairs.assign([owner, ...kept], taken, scratch)
  }

  /** The pairs since the last time. */
  function feed(): void {
    inner.reserve(groupCount)
    if (fed === pairs.count) return
    const count = pairs.count - fed
    const rows = Int32Array.from({ length: count }, (_, i) => fed + i)
    const [owner, ...args] = pairs.keyColumns().map((column) => gatherColumn(column, rows, count))
    inner.add(ownersOf(owner), count, args)
    fed = pairs.count
  }
}

const ownersOf = (column: Column): Int32Array => Int32Array.from((column as LaneColumn).values as Float64Array)
