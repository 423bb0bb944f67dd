import type { Column, LaneColumn } from '../../../data/column.ts'
import { isValid } from '../../../data/column.ts'
import { plainColumn } from '../../../data/gather.ts'
import { types } from '../../../data/type.ts'
import { arraysAt } from '../../wasm/kernel-memory.ts'
import type { Accumulator } from './accumulator.ts'
import { GroupDoubles } from './group-doubles.ts'

/** count(*), count(x) and countif(x). */
export function createCount(what: 'rows' | 'notNull' | 'true', kernelFrom?: number): Accumulator {
  let store = new GroupDoubles(kernelFrom)
  let counts = store.values

  return {
    stateTypes: [types.int64],
    reserve(groups) {
      store.reserve(groups)
      counts = store.values
    },
    add(groups, rowCount, args, weights) {
      if (what === 'true') addTrue(counts, groups, rowCount, plainColumn(args[0]) as LaneColumn, weights)
      else if (what === 'notNull' && args[0].nulls !== undefined) addValid(counts, groups, rowCount, args[0], weights)
      else if (store.memory !== undefined && weights === undefined) store.memory.addOnes(groups, rowCount, arraysAt)
      else addRows(counts, groups, rowCount, weights)
    },
    merge(groups, rowCount, [state]) {
      const { values } = state as LaneColumn
      for (let row = 0; row < rowCount; row++) counts[groups[row]] += Number(values[row])
    },
    states: (order, from, to) => [lane(order, from, to)],
    results: (order, from, to) => lane(order, from, to),
    clear() {
      store = new GroupDoubles(kernelFrom)
      counts = store.values
    },
    get sizeBytes() {
      return store.sizeBytes
    },
  }

  function lane(order: Int32Array, from: number, to: number): Column {
    const values = new Float64Array(to - from)
    for (let i = from; i < to; i++) values[i - from] = counts[order[i]]
    return { store: 'lane', type: types.int64, length: to - from, values }
  }
}

/** Without weights the twin of the kernel `addOnes`. */
function addRows(counts: Float64Array, groups: Int32Array, rowCount: number, weights: Int32Array | undefined): void {
  if (weights === undefined) for (let row = 0; row < rowCount; row++) counts[groups[row]]++
  else for (let row = 0; row < rowCount; row++) counts[groups[row]] += weights[row]
}

function addValid(
  counts: Float64Array,
  groups: Int32Array,
  rowCount: number,
  column: Column,
  weights: Int32Array | undefined,
): void {
  for (let row = 0; row < rowCount; row++) {
    if (isValid(column, row)) counts[groups[row]] += weights === undefined ? 1 : weights[row]
  }
}

function addTrue(
  counts: Float64Array,
  groups: Int32Array,
  rowCount: number,
  column: LaneColumn,
  weights: Int32Array | undefined,
): void {
  // The slot under a null is 0.
  const values = column.values as Uint8Array
  for (let row = 0; row < rowCount; row++) if (values[row] !== 0) counts[groups[row]] += weights === undefined ? 1 : weights[row]
}
