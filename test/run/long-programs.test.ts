import { describe, expect, it } from 'vitest'
import { prepare } from '../../src/run/prepare.ts'
import { loadFlow } from '../../src/run/program.ts'

const load = (text: string) => loadFlow('/long.flow', text, new Map())
const over = (operator: string): string => `from values (1, 'x') as t(n, s) |> ${operator}`
const list = (count: number, item: (i: number) => string | number): string =>
  Array.from({ length: count }, (_, i) => item(i)).join(',')

describe('expressions that are too long for one call are refused with a place', () => {
  it.each<[string, string, string]>([
    ['a sum', `select ${'n+'.repeat(50_000)}n as x`, "'+' has 50001 operands, more than 50000"],
    ['a call', `select greatest(${'n,'.repeat(50_000)}1) as x`, "'greatest' has 50001 operands, more than 50000"],
    ['a sum of unlike types', `select n${' + 0.5'.repeat(500)} as x`, "'+' has 501 operands of different types, more than 500"],
    ['a list of numbers', `where n in (${list(100_001, (i) => i)})`, "'in' has 100001 operands, more than 100000"],
    ['a list of texts', `where s in (${list(50_001, (i) => `'${i}'`)})`, "'in' has 50001 operands, more than 50000"],
  ])('%s', async (_, operator, message) => {
    await expect(load(over(operator)).then((program) => prepare(program, { backend: 'inline' }))).rejects.toMatchObject({
      code: 'RESOURCE_LIMIT',
      message,
      details: { at: { line: 1 } },
    })
  })
})

it('a long chain of datasets is no deep recursion', async () => {
  const lets = Array.from({ length: 5_000 }, (_, i) => `let d${i + 1} = from d${i} |> where n > 0`)
  const { plan } = await load(['let d0 = from values (1) as t(n)', ...lets, 'from d5000'].join('\n'))
  expect(plan.nodes.length).toBe(10_003)
})
