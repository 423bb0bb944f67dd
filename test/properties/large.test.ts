import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../src/base/seeded-random.ts'
import { ruleNames } from '../../src/planner/rules/index.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { hasWorkers, inProcesses, onThreads } from '../flow/on-threads.ts'
import { comparable, runOnBackend, runOnReference } from '../flow/run-program.ts'

const rowCount = 90_000
let cwd = ''

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'millrace-large-'))
  const random = new SeededRandom(1)
  const lines = Array.from({ length: rowCount }, (_, i) => {
    const word = `w${(random.below(15_000)).toString(36)}${'é'.repeat(random.below(3))} and what makes the file longer`
    const id = random.below(20) === 0 ? '' : random.below(30_000)
    const wide = random.below(1000) === 0 ? `${9007199254740993n + BigInt(random.below(5))}` : random.below(100)
    return `${i},${id},${word},${(random.below(20_000)) / 8 - 1000},${wide}`
  })
  // Without quotes, so that the file is read in several splits.
  writeFileSync(join(cwd, 'a.csv'), `i,k,word,x,wide\n${lines.join('\n')}\n`)
  const keys = Array.from({ length: 40_000 }, (_, i) => `${i * 2 + random.below(3)},side ${i % 7}`)
  writeFileSync(join(cwd, 'b.csv'), `k,label\n${keys.join('\n')}\n`)
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const ways: readonly [name: string, options: RunOptions][] = [
  ['pipelined', { checkPlans: true }],
  ['in 8 MB, stage after stage and without rules', { memoryBytes: 8 * 1024 * 1024, mode: 'serial', disabledRules: ruleNames }],
]

const onWorkers: typeof ways = [
  ['on threads', onThreads],
  ['in processes', inProcesses],
]

const programs: readonly [title: string, program: string][] = [
  [
    'groups by a text',
    `from csv('a.csv') |> aggregate count(*) as n, sum(x) as s, avg(x) as m, min(i) as lo, max(wide) as hi, sum(wide) as w group by word`,
  ],
  [
    'groups by two keys, with distinct',
    `from csv('a.csv') |> aggregate count(distinct word) as words, string_agg(distinct left(word, 2)) as t group by mod(k, 500) as g, x > 0 as positive`,
  ],
  [
    'makes one row of all',
    `from csv('a.csv') |> aggregate count(*) as n, count(k) as k, sum(x) as s, count(distinct k) as d, avg(wide) as m`,
  ],
  ['drops repeated rows', `from csv('a.csv') |> select k, left(word, 3) as w |> distinct`],
  ['sorts all rows', `from csv('a.csv') |> order by word desc, k, i |> select i, word`],
  ['takes the first rows of an order', `from csv('a.csv') |> order by x desc, i |> limit 700 offset 20 |> select i, x`],
  ['joins on a key with duplicates', `from csv('a.csv') as a |> join csv('b.csv') as b on a.k = b.k |> select a.i, b.label`],
  [
    'joins the greater side as the right one',
    `from csv('b.csv') as b |> left join csv('a.csv') as a on a.k = b.k and a.x > 0 |> aggregate count(*) as n, count(a.i) as m, sum(a.x) as s group by b.label`,
  ],
  [
    'counts letters',
    `from csv('a.csv') |> join unnest(split(left(word, 6), '')) as letter |> aggregate count(*) as n group by letter`,
  ],
  ['takes the first rows in the order of the file', `from csv('a.csv') |> where x > 1400 |> limit 5000 |> select i`],
  [
    'uses a dataset three times',
    `let s = from csv('a.csv') |> aggregate sum(x) as t, count(*) as n group by mod(i, 1000) as g
let best = from s |> order by t desc |> limit 10 |> rename t as u, n as m
from s |> join best as b using (g) |> union all (from s |> select g, t, n, t, n |> where g < 10) |> order by g, t, n`,
  ],
  [
    'joins an aggregate with its own input',
    `let s = from csv('a.csv') |> aggregate avg(x) as mean group by mod(k, 50) as g
from csv('a.csv') as a |> join s on mod(a.k, 50) = s.g |> where x > mean + 1200 |> aggregate count(*) as n group by s.g`,
  ],
]

describe('90,000 rows', () => {
  for (const [title, program] of programs) {
    it(title, async () => {
      const show = (outputs: ReadonlyMap<string, Parameters<typeof comparable>[0]>): string =>
        [...outputs.values()].map(comparable).join('\n\n')
      const expected = show(await runOnReference({ program }, cwd))
      for (const [name, options] of hasWorkers() ? [...ways, ...onWorkers] : ways) {
        const found = show(await runOnBackend({ program }, cwd, { backend: 'inline', ...options }))
        // The diff of so many rows would take minutes.
        if (found !== expected) expect(firstDifference(found, expected), name).toBe('')
      }
    })
  }
})

function firstDifference(found: string, expected: string): string {
  const a = found.split('\n')
  const b = expected.split('\n')
  const at = a.findIndex((line, i) => line !== b[i])
  return `line ${at} of ${a.length} (expected ${b.length}): ${a[at]} instead of ${b[at]}`
}
