import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Batch } from '../../../src/data/batch.ts'
import { batchFromRows, rowsOf } from '../../../src/data/read.ts'
import { type Schema, types, type Value } from '../../../src/data/type.ts'
import type { PhysicalAggCall, PhysicalNode, PhysicalNodeOf } from '../../../src/ir/physical.ts'
import { createSegmentFor } from '../../../src/runtime/codegen/segment.ts'
import type { Operator, OperatorContext } from '../../../src/runtime/operator.ts'
import { createOperator } from '../../../src/runtime/operators/registry.ts'
import { StagePeers } from '../../../src/runtime/stage-peers.ts'
import { call, column, constant, project, unnest } from '../codegen/harness.ts'
import { randomFrom } from '../codegen/random.ts'
import { allRows, cut, feedsOf, runOperator } from './../harness.ts'

// A segment that cuts lines into words, and the aggregate behind it whose table numbers them, in tasks that share this table.
const lines: Schema = [{ name: 'line', type: types.string, nullable: true }]
const words: Schema = [{ name: 'word', type: types.string, nullable: true }]
const counted: Schema = [...words, { name: 'n', type: types.int64, nullable: true }]
const count: PhysicalAggCall = {
  name: 'n',
  fn: 'count',
  args: [],
  argTypes: [],
  distinct: false,
  returns: types.int64,
  nullable: false,
  algebra: { associative: true, commutative: true, idempotent: false, invertible: true },
}
const aggregate = (phase: 'partial' | 'final' | 'complete', args: readonly number[]) => ({
  operator: 'aggregate' as const,
  spec: { keys: [0], calls: [{ ...count, args }], phase, changes: 'insertOnly' as const },
})
const split = call('split', types.array(types.string), column(0, types.string), constant(' ', types.string))
const steps = [unnest(split), project(column(1, types.string))]

interface Conditions {
  random: (below: number) => number
  /** Bytes that an aggregate may have. */
  memoryBytes: number
}

/** The tasks one beside the other; gives the rows of their aggregates. */
async function runTasks(tasks: readonly (readonly Batch[])[], { random, memoryBytes }: Conditions): Promise<Batch[]> {
  const made: Batch[] = []
  const grant = (bytes: number): 'ok' | 'spill' => (bytes <= memoryBytes ? 'ok' : 'spill')
  const peers = new StagePeers({ open: () => ({ grant, release() {} }) })
  for (const _ of tasks) peers.enter()
  /** Some turns of the queue of promises, or none: whoever waits is overtaken by the others. */
  const credit = (): undefined | Promise<void> => {
    const turns = random(4)
    return turns === 0 ? undefined : Array.from({ length: turns }).reduce<Promise<void>>((wait) => wait.then(), Promise.resolve())
  }
  await Promise.all(
    tasks.map(async (batches) => {
      const base: Partial<OperatorContext> = {
        pause: () => undefined,
        isDone: () => false,
        signal: new AbortController().signal,
        hashSeed: 42,
        interpreted: false,
        share: (make) => peers.share(1, make),
      }
      const counting: Operator = createOperator({ ...aggregate('partial', []), fields: counted } as unknown as PhysicalNode, {
        ...(base as OperatorContext),
        emit(batch) {
          made.push(batch)
          return credit()
        },
        inputs: [words],
        fields: counted,
      })
      const cutting = createSegmentFor(
        { operator: 'segment', spec: { steps, clustered: false }, fields: words } as unknown as PhysicalNodeOf<'segment'>,
        {
          ...(base as OperatorContext),
          emit: (batch) => counting.push(0, batch) as undefined | Promise<void>,
          textNumbering: () => counting.textNumbering,
          lends: () => true,
          inputs: [lines],
          fields: words,
        },
        { rows: 1 + random(9), bytes: 1 + random(60) },
      )
      for (const batch of batches) {
        await cutting.push(0, batch)
        await credit()
      }
      await cutting.finish(0)
      await counting.finish(0)
    }),
  )
  return made
}

const line = fc.option(
  fc
    .array(fc.oneof(fc.constantFrom('a', 'bb', '', 'é'), fc.string({ maxLength: 20 })), { maxLength: 9 })
    .map((list) => list.join(' ')),
  { freq: 9 },
)

describe('texts that are numbered by the aggregate behind a segment', () => {
  it('are counted alike with any credit and memory, by any number of tasks that share a table', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(line, { maxLength: 30 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1 }),
        fc.constantFrom(0, 20_000, Number.POSITIVE_INFINITY),
        async (texts, seed, memoryBytes) => {
          const random = randomFrom(seed)
          const tasks = texts.map((list) =>
            cut(
              lines,
              list.map((text) => [text]),
              [1 + random(5), 1 + random(5)],
            ),
          )
          const states = await runTasks(tasks, { random, memoryBytes })
          const final = await runOperator(aggregate('final', [1]), { inputs: [counted], fields: counted }, feedsOf(states))
          const pieces: Value[][] = texts.flat().flatMap((text) => (text === null ? [] : text.split(' ').map((word) => [word])))
          const plain = await runOperator(
            aggregate('complete', []),
            { inputs: [words], fields: counted },
            feedsOf([batchFromRows(words, pieces)]),
          )
          expect(allRows(final.batches)).toEqual(allRows(plain.batches))
          expect(states.flatMap(rowsOf).length).toBeGreaterThanOrEqual(allRows(plain.batches).length)
        },
      ),
      { numRuns: 150 },
    )
  })
})
