import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MillraceError } from '../../src/base/errors.ts'
import { ruleNames } from '../../src/planner/rules/index.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { hasWorkers, inProcesses, onThreads } from '../flow/on-threads.ts'
import { comparable, type ProgramText, type Rows, runOnBackend, runOnReference } from '../flow/run-program.ts'
import { moduleText, programs } from './random-program.ts'

let cwd = ''
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'millrace-laws-'))
  writeFileSync(join(cwd, 'functions.mjs'), moduleText)
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff)
const runs = (count: number): fc.Parameters<unknown> => ({ seed, numRuns: Number(process.env.RUNS ?? count) })

/** The reference's outputs; undefined where it fails, since rules may keep an expression from rows that it fails on. */
async function reference(program: ProgramText): Promise<ReadonlyMap<string, Rows> | undefined> {
  try {
    return await runOnReference(program, cwd)
  } catch (error) {
    if (error instanceof MillraceError && (error.code.startsWith('RUN_') || isTooLarge(error))) return undefined
    throw error
  }
}

/** A product of constants that are drawn may be no int64: such a program is refused before it runs. */
const isTooLarge = ({ code, message }: MillraceError): boolean =>
  code === 'PLAN_TYPE_MISMATCH' && message.endsWith('is outside the range of int64')

async function holdTo(expected: ReadonlyMap<string, Rows>, program: ProgramText, options: RunOptions): Promise<void> {
  const found = await runOnBackend(program, cwd, { backend: 'inline', ...options })
  // No order tells 0 from -0, so that either may come first.
  const shown = (outputs: ReadonlyMap<string, Rows>): string =>
    [...outputs]
      .map(
        ([name, rows]) => `${name}: ${comparable({ ...rows, rows: rows.rows.map((row) => row.replace(/-0(?=[,\]])/g, '0')) })}`,
      )
      .join('\n\n')
  expect(shown(found), `${JSON.stringify(options)}\n${program.program}`).toBe(shown(expected))
}

describe(`random programs (seed ${seed})`, () => {
  const laws: readonly [title: string, options: RunOptions][] = [
    ['give the rows of the reference after all rules', { checkPlans: true }],
    ['give the rows of the reference without any rule', { disabledRules: ruleNames }],
    ['give the rows of the reference stage after stage', { mode: 'serial' }],
    ['give the rows of the reference in little memory', { memoryBytes: 4 * 1024 * 1024, disabledRules: ['lift-combiner'] }],
  ]
  for (const [title, options] of laws) {
    it(title, async () => {
      await fc.assert(
        fc.asyncProperty(programs, async (program) => {
          const expected = await reference(program)
          if (expected !== undefined) await holdTo(expected, program, options)
        }),
        runs(150),
      )
    })
  }

  it.skipIf(!hasWorkers()).each([
    ['on worker threads', onThreads, 15],
    ['in worker processes', inProcesses, 8],
  ])('give the rows of the reference %s', async (_, options, count) => {
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const expected = await reference(program)
        if (expected !== undefined) await holdTo(expected, program, options)
      }),
      runs(count),
    )
  })

  // Rules may keep an expression from rows that it fails on, so that more of them are left.
  it.each([['pipelined'], ['serial']] as const)('leave out the rows that the reference leaves out, %s', async (mode) => {
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const skipping = { ...program, program: `set on_error = 'skip'\n${program.program}` }
        const expected = await reference(skipping)
        if (expected !== undefined) await holdTo(expected, skipping, { mode, disabledRules: ruleNames })
      }),
      runs(150),
    )
  })

  it('give the rows of the reference whichever rule is disabled', async () => {
    await fc.assert(
      fc.asyncProperty(programs, fc.constantFrom(...ruleNames), async (program, rule) => {
        const expected = await reference(program)
        if (expected !== undefined) await holdTo(expected, program, { disabledRules: [rule], checkPlans: true })
      }),
      runs(200),
    )
  })
})
