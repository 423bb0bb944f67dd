import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareWays, type RandomPlan, type Seen, waysOf, writeModules } from './contenders.ts'
import { pipelines } from './random-pipeline.ts'
import { programs } from './random-program.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-laws-'))
  writeModules(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff)
const plans = Number(process.env.PLANS ?? 60)

const kinds: Record<string, fc.Arbitrary<RandomPlan>> = {
  programs: programs.map((program) => ({ kind: 'flow', program })),
  pipelines: pipelines.map((pipeline) => ({ kind: 'pipeline', pipeline })),
}

const timeoutMs = 3_600_000

describe(`random plans (seed ${seed})`, () => {
  it.each(['programs', 'pipelines'])(
    'give the rows of the reference however they are run, as %s',
    async (kind) => {
      let compared = 0
      const seen: Seen = new Map()
      const numbered = fc.tuple(kinds[kind], fc.nat(10_000))
      const law = fc.asyncProperty(numbered, async ([plan, number]) => {
        compared += await compareWays(plan, waysOf(number), folder, seen)
      })
      const path = process.env.AT === undefined ? {} : { path: process.env.AT, endOnFailure: true }
      const numRuns = Math.ceil(plans / 2)
      const { failed, counterexample, counterexamplePath, errorInstance } = await fc.check(law, { seed, numRuns, ...path })
      if (failed) {
        const how = `SEED=${seed} AT=${counterexamplePath} npx vitest run test/properties/laws.test.ts -t ${kind}`
        throw new Error(`${how}\n${print(counterexample?.[0])}\n${errorInstance}`, { cause: errorInstance })
      }
      // Few programs fail by what they compute.
      if (path.path === undefined) expect(compared).toBeGreaterThan(numRuns * 0.8 * (waysOf(1).length - 1))
      // So many plans hold all that plans are made of.
      if (path.path === undefined && numRuns >= 100)
        for (const what of ['hash', 'range', 'gather', 'broadcast', 'inner join', 'left join'])
          expect(seen.get(what) ?? 0, what).toBeGreaterThan(numRuns / 50)
    },
    timeoutMs,
  )
})

function print(example: [RandomPlan, number] | undefined): string {
  if (example === undefined) return 'no example'
  const [plan, number] = example
  const text =
    plan.kind === 'flow'
      ? `${plan.program.program}\n${plan.program.tables ?? JSON.stringify(plan.program.files)}`
      : JSON.stringify(plan.pipeline)
  return `number ${number}:\n${text}`
}
