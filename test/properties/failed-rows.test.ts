import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ruleNames } from '../../src/planner/rules/index.ts'
import { execute } from '../../src/run/execute.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { hasWorkers, onThreads } from '../flow/on-threads.ts'
import { prepareProgram } from '../flow/run-program.ts'

let cwd = ''
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'millrace-failed-'))
  writeFileSync(
    join(cwd, 'functions.mjs'),
    'export const even = (n) => { if (n % 2 === 1) throw new Error(`odd ${n}`); return n }\n',
  )
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff)

/** Rows that are well, that a function throws on, that an expression fails on, and records that are no rows. */
const line = fc.constantFrom('2,4', '4,1', '6,-3', '3,1', '5,7', '2,0', 'x,1', '2,', '2', '2,4,6')
const files = fc.array(fc.array(line, { maxLength: 30 }), { minLength: 1, maxLength: 4 })
const program = `import { even(int64) returns int64 } from './functions.mjs'
from csv('in-*.csv') schema (a int64 not null, b int64) |> select even(a) as a, 12 / b as q`
const grouped = `${program} |> aggregate count(*) as n group by a, q`

const isWell = (text: string): boolean => /^[246],(-?[1-9]|)$/.test(text)

interface Ran {
  rows: number
  letters: readonly string[]
}

async function runOn(text: string, options: RunOptions): Promise<Ran> {
  const given = { cwd, deadLetters: 'bad.jsonl', ...options }
  const done = await execute(await prepareProgram({ program: text }, cwd, given), given)
  const letters = readFileSync(join(cwd, 'bad.jsonl'), 'utf8').split('\n').slice(0, -1)
  const counted = done.metrics.failedRows.reduce((sum, { rows }) => sum + rows, 0)
  expect(counted).toBe(letters.length)
  const rows = [...done.outputs[0].batches()].reduce((sum, batch) => sum + batch.rowCount, 0)
  done.close()
  return { rows, letters: letters.toSorted() }
}

const ways: readonly (readonly [name: string, options: RunOptions])[] = [
  ['inline', { backend: 'inline' }],
  ['serial', { backend: 'inline', mode: 'serial' }],
  ['without rules in 4 MB', { backend: 'inline', disabledRules: ruleNames, memoryBytes: 4 * 1024 * 1024 }],
  ...(hasWorkers()
    ? ([
        ['on threads', onThreads],
        ['on threads, serial', { ...onThreads, mode: 'serial' }],
      ] as const)
    : []),
]

describe(`rows out and dead letters together (seed ${seed})`, () => {
  it.each(ways)('are the rows in, %s', async (_, options) => {
    await fc.assert(
      fc.asyncProperty(files, async (lines) => {
        for (const name of readdirSync(cwd)) if (name.startsWith('in-')) rmSync(join(cwd, name))
        for (const [i, rows] of lines.entries())
          writeFileSync(join(cwd, `in-${i}.csv`), `a,b\n${rows.map((row) => `${row}\n`).join('')}`)
        const all = lines.flat()
        const { rows, letters } = await runOn(program, options)
        expect(rows).toBe(all.filter(isWell).length)
        expect(rows + letters.length).toBe(all.length)
        const [, first] = ways[0]
        expect(letters).toEqual((await runOn(grouped, first)).letters)
        expect(letters).toEqual((await runOn(grouped, options)).letters)
      }),
      { seed, numRuns: options.backend === 'threads' ? 4 : 12 },
    )
  })
})
