import { describe, expect, it } from 'vitest'
import { bind } from '../../../src/dsl/bind/bind.ts'
import { buildFlow } from '../../../src/dsl/flow/build.ts'
import type { NodeOf } from '../../../src/ir/logical.ts'
import { contextOf } from './fixtures.ts'

async function callsOf(items: string): Promise<number> {
  const text = `
param a float64
param b float64
let t = from memory() schema (x float64)
from t |> aggregate ${items}`
  const files = { importModule: async () => ({}), readFile: () => '', projectRoot: '/' }
  const { plan: unbound } = await buildFlow('/test.flow', text, files)
  const params = new Map([
    ['a', { value: Number.POSITIVE_INFINITY }],
    ['b', { value: Number.NaN }],
  ])
  const { plan } = await bind(unbound, contextOf({ params }))
  return (plan.nodes.find((node) => node.op === 'aggregate') as NodeOf<'aggregate'>).calls.length
}

describe('aggregate', () => {
  it('computes equal calls once, wherever they stand', async () => {
    expect(await callsOf('max(x + 1) as p,\n max(x + 1) + 1 as q')).toBe(1)
  })

  it('tells calls apart by constants that JSON cannot write', async () => {
    expect(await callsOf('max(ifnull(x, @a)) as p, max(ifnull(x, @b)) as q')).toBe(2)
  })
})
