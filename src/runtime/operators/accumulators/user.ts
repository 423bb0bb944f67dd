import { deserialize, serialize } from 'node:v8'
import { BytesBuilder, createBuilder } from '../../../data/builder.ts'
import type { BytesColumn, Column } from '../../../data/column.ts'
import { plainColumn } from '../../../data/gather.ts'
import { fromJsValue, toJsValue } from '../../../data/js-value.ts'
import { valueAt } from '../../../data/read.ts'
import type { Type } from '../../../data/type.ts'
import { types } from '../../../data/type.ts'
import type { CombineFn } from '../../../ir/user-function.ts'
import { functionFailed } from '../../user-calls.ts'
import type { Accumulator } from './accumulator.ts'

/** A user's aggregate, its states held as they are and shipped by structured serialisation. */
export interface UserCall {
  fn: CombineFn<unknown, unknown, unknown>
  label: string
  /** Names of the arguments: several of them reach the function as one object. */
  argNames: readonly string[]
  returns: Type
}

/** What an unknown state is guessed to weigh, for the memory account. */
const stateBytes = 128

/** Aggregates by a user's `zero`, `add`, `merge` and `extract`. An error of theirs is `RUN_FUNCTION_FAILED`. */
export function createUserAggregate({ fn, label, argNames, returns }: UserCall): Accumulator {
  let states: unknown[] = []

  return {
    stateTypes: [types.bytes],
    reserve(groups) {
      guarded(() => {
        while (states.length < groups) states.push(fn.zero())
      })
    },
    add(groups, rowCount, args) {
      guarded(() => {
        for (let row = 0; row < rowCount; row++) {
          const group = groups[row]
          states[group] = fn.add(states[group], argument(args, row))
        }
      })
    },
    merge(groups, rowCount, [column]) {
      const { data, offsets } = plainColumn(column) as BytesColumn
      guarded(() => {
        for (let row = 0; row < rowCount; row++) {
          const other: unknown = deserialize(data.slice(offsets[row], offsets[row + 1]))
          states[groups[row]] = fn.merge(states[groups[row]], other)
        }
      })
    },
    states(order, from, to) {
      const builder = new BytesBuilder(types.bytes, to - from)
      guarded(() => {
        for (let i = from; i < to; i++) {
          const bytes = serialize(states[order[i]])
          builder.appendBytes(bytes, 0, bytes.length)
        }
      })
      return [builder.finish()]
    },
    results(order, from, to) {
      const builder = createBuilder(returns, to - from)
      guarded(() => {
        for (let i = from; i < to; i++) builder.appendValue(fromJsValue(returns, fn.extract(states[order[i]]), true, label))
      })
      return builder.finish()
    },
    clear() {
      states = []
    },
    get sizeBytes() {
      return states.length * stateBytes
    },
  }

  function argument(args: readonly Column[], row: number): unknown {
    if (args.length === 1) return jsAt(args[0], row)
    return Object.fromEntries(args.map((column, i) => [argNames[i], jsAt(column, row)]))
  }

  function guarded(work: () => void): void {
    try {
      work()
    } catch (thrown) {
      throw functionFailed(thrown, { label })
    }
  }
}

const jsAt = (column: Column, row: number): unknown => toJsValue(column.type, valueAt(column, row))
