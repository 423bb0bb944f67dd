import type { Batch } from '../../data/batch.ts'
import type { Column } from '../../data/column.ts'
import type { Generated } from './generate.ts'
import type { Output } from './output.ts'
import { support } from './support.ts'

/** Rows to work on: those of a batch, or values that are ready for the first closure. */
export type SegmentInput = { batch: Batch } | { values: readonly unknown[] }

/** A compiled segment over the columns of one batch (or over ready values): works on rows `from .. to` and gives the row where it stopped. */
export type SegmentLoop = (
  input: readonly Column[] | readonly unknown[],
  output: Output,
  from: number,
  to: number,
  weights: Batch['weights'],
  /** Gives the error to throw; where rows are left out it takes the row, or throws. `item` is the value of an inner loop, as JSON knows it. */
  fail: (error: unknown, site: number, row: number, item?: unknown) => unknown,
) => number

type LoopFactory = (k: readonly unknown[], shared: typeof support) => SegmentLoop

const maxEntries = 512
const compiled = new Map<string, LoopFactory>()
const functionIds = new WeakMap<Function, number>()
let nextId = 0

/**
 * Compiles generated text, or takes what an equal text with equal closures was compiled to before.
 *
 * A number in a comment at its head makes texts with other closures differ: V8 shares the feedback of equal texts, and a loop whose call site
 * has seen several closures no longer inlines any (2.6 against 12.4 ns a row).
 */
export function compileLoop(generated: Generated, closures: readonly Function[]): SegmentLoop {
  const key = `${closures.map(functionId).join(',')}\n${generated.source}`
  let factory = compiled.get(key)
  if (factory === undefined) {
    factory = new Function('k', 'support', `/* ${nextId++} */\n${generated.source}`) as LoopFactory
    if (compiled.size >= maxEntries) compiled.delete(compiled.keys().next().value as string)
    compiled.set(key, factory)
  }
  return factory(generated.constants, support)
}

function functionId(fn: Function): number {
  let id = functionIds.get(fn)
  if (id === undefined) functionIds.set(fn, (id = nextId++))
  return id
}
