import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { inlineBackend } from '../../src/backends/inline/index.ts'
import type { FnRef } from '../../src/ir/expr.ts'
import type { PhysicalPlan, RowShape } from '../../src/ir/physical.ts'
import { resultToRows } from '../../src/runtime/results.ts'
import { makePlan, node, pairFields, requestFor, scan } from '../runtime/plans.ts'

const fn: FnRef = {
  id: 4,
  label: 'map at pairs.ts:1:1',
  module: '',
  ordinal: 0,
  sourceHash: '',
  reads: 'all',
  captures: [],
  capturesKnown: true,
  deterministic: true,
  effects: false,
  kind: 'function',
}
const shape: RowShape = { fields: pairFields, element: false }

function mapPlan(mode: 'serial' | 'pipelined'): PhysicalPlan {
  const at = { file: 'pairs.ts', line: 1, column: 1 }
  const step = { step: 'parallelDo', shape: 'map', fn, input: shape, output: shape, at, from: 0 } as const
  return makePlan(
    [
      {
        tasks: 2,
        nodes: [
          scan(0, { tasks: 2, rowsATask: 3 }),
          node(1, [0], pairFields, { operator: 'segment', spec: { steps: [step], clustered: false } }),
          node(2, [1], pairFields, { operator: 'send', spec: { exchange: 0 } }),
        ],
      },
      {
        tasks: 1,
        placement: 'coordinator',
        nodes: [
          node(3, [], pairFields, { operator: 'receive', spec: { exchanges: [0], ordered: true } }),
          node(4, [3], pairFields, { operator: 'collect', spec: { output: 0 } }),
        ],
      },
    ],
    [{ partitioning: { by: 'gather', count: 1 } }],
    mode,
    { fns: [fn] },
  )
}

type Pair = { key: number; value: number }

it.each(['serial', 'pipelined'] as const)('runs user functions inside fused segments, in %s mode', async (mode) => {
  const double = ({ key, value }: Pair): Pair => ({ key, value: value * 2 })
  const result = await inlineBackend.run(requestFor(mapPlan(mode), { functions: new Map([[4, double]]) }))
  expect(resultToRows(result.outputs[0])).toEqual([0, 1, 2, 3, 4, 5].map((n) => [n, n * 2]))
})

it.each(['serial', 'pipelined'] as const)('ends the run at once when a user function throws, in %s mode', async (mode) => {
  let calls = 0
  const fail = (): Pair => {
    calls++
    throw new TypeError('no such thing')
  }
  const request = requestFor(mapPlan(mode), { functions: new Map([[4, fail]]) })
  await expect(inlineBackend.run(request)).rejects.toMatchObject({ code: 'RUN_FUNCTION_FAILED' })
  expect(calls).toBeLessThanOrEqual(2)
  expect(existsSync(request.run.directory)).toBe(false)
})
