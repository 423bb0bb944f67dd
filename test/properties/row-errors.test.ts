import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { ruleNames } from '../../src/planner/rules/index.ts'
import { compareWays, writeModules } from './contenders.ts'
import { programs } from './random-program.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-row-errors-'))
  writeModules(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff)

describe(`random programs that skip rows that fail (seed ${seed})`, () => {
  // Rules may keep an expression from rows that it fails on, so that more of them are left.
  it.each([['pipelined'], ['serial']] as const)('leave out the rows that the reference leaves out, %s', async (mode) => {
    await fc.assert(
      fc.asyncProperty(programs, async ({ program, ...more }) => {
        const skipping = { ...more, program: `set on_error = 'skip'\n${program}` }
        const way = { backend: 'inline', mode, disabledRules: ruleNames } as const
        await compareWays({ kind: 'flow', program: skipping }, [way], folder)
      }),
      { seed, numRuns: Number(process.env.RUNS ?? 150) },
    )
  })
})
