import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunOptions } from '../../src/run/options.ts'
import { runOnBackend, runOnReference } from '../flow/run-program.ts'
import { Choices } from './random-program.ts'

let cwd = ''
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'millrace-changes-'))
})
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const seed = Number(process.env.SEED ?? Date.now() & 0x7fffffff)

/** Lines of a changes file: what is retracted is there. */
function changesText(choose: Choices): string {
  const present: string[] = []
  const lines: string[] = []
  let epoch = 0
  const count = choose.below(30)
  for (let i = 0; i < count; i++) {
    if (choose.below(4) === 0) epoch += 1 + choose.below(2)
    const retracts = present.length > 0 && choose.below(3) === 0
    const key = choose.of(['"a"', '"b"', '"a b"', 'null', '""'])
    const row = retracts
      ? present.splice(choose.below(present.length), 1)[0]
      : `"k":${key},"v":${choose.of(['0', '1', '2', '-3', 'null', '"9007199254740993"'])},"x":${choose.of(['0.5', '1e300', 'null', '-2.25'])}`
    if (!retracts) present.push(row)
    lines.push(`{${row},"_op":"${retracts ? '-' : '+'}","_epoch":${epoch}}`)
  }
  return lines.map((line) => `${line}\n`).join('')
}

const schema = 'schema (k string, v int64, x float64)'
const operators: readonly string[] = [
  '|> where v is not null',
  "|> where k != 'a'",
  '|> extend v + 1 as w, upper(k) as u |> select k, w as v, x',
  "|> join unnest(split(k, ' ')) as part |> select part as k, v, x",
  "|> left join unnest(split(k, '')) as part with offset as at |> select part as k, at + v as v, x",
]
const endings: readonly string[] = [
  '',
  '|> aggregate count(*) as n group by k',
  '|> aggregate count(*) as n, count(v) as c, sum(v) as s, sum(x) as t, avg(x) as m, countif(v > 0) as p group by k',
  '|> aggregate count(*) as n, sum(v) as s',
  '|> aggregate sum(x) as t group by v > 0 as positive, k |> where t > 0 |> select k, t',
  '|> aggregate count(*) as n group by k |> aggregate count(*) as groups, sum(n) as rows group by n > 1 as many',
]

/** Sums a changelog up over its epochs: the rows that are there at the end, as often as they are. */
function finalRows(log: string): string[] {
  const rows = new Map<string, number>()
  for (const line of log.split('\n').filter(Boolean)) {
    const { _op: op, _epoch: _, _weight: weight = 1, ...row } = JSON.parse(line) as Record<string, unknown>
    const key = JSON.stringify(row)
    rows.set(key, (rows.get(key) ?? 0) + (op === '-' ? -1 : 1) * Number(weight))
  }
  return [...rows]
    .flatMap(([row, count]) => {
      if (count < 0) throw new Error(`${row} was taken back ${-count} times too often`)
      return Array<string>(count).fill(row)
    })
    .toSorted()
}

const ways: readonly RunOptions[] = [{}, { disabledRules: ['lift-combiner'] }, { memoryBytes: 4 * 1024 * 1024 }]

describe(`changes (seed ${seed})`, () => {
  it('a changelog summed over its epochs is the result of a plain run', async () => {
    let number = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(10_000), { maxLength: 120, size: 'max' }), async (numbers) => {
        const choose = new Choices(numbers)
        const query = `let base = from changes('in.jsonl') ${schema}\nfrom base`
        const chain = Array.from({ length: choose.below(3) }, () => choose.of(operators))
        const body = [query, ...chain, choose.of(endings)].join('\n')
        writeFileSync(join(cwd, 'in.jsonl'), changesText(choose))
        const program = { program: body }
        const [expected] = [...(await runOnReference(program, cwd)).values()]
        const names = expected.header.split(', ').map((column) => column.split(' ')[0])
        const rows = expected.rows.map((row) =>
          JSON.stringify(Object.fromEntries((JSON.parse(row) as unknown[]).map((value, i) => [names[i], value]))),
        )
        const plain = [...(await runOnBackend(program, cwd, { backend: 'inline' })).values()][0]
        expect(plain.rows.toSorted(), body).toEqual(expected.rows.toSorted())
        for (const options of ways) {
          const file = `out${number++}.jsonl`
          await runOnBackend({ program: `${body}\n|> write changelog('${file}')` }, cwd, {
            backend: 'inline',
            incremental: true,
            ...options,
          })
          expect(finalRows(readFileSync(join(cwd, file), 'utf8')), body).toEqual(rows.toSorted())
        }
      }),
      { seed, numRuns: Number(process.env.RUNS ?? 50) },
    )
  })
})
