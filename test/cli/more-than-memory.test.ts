import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cli, killGroup, leftovers, project, startCli } from './cli.ts'

const rowCount = 250_000
const groupCount = 60_000
const keyOf = (n: number): number => (n * 7919) % groupCount
const textOf = (n: number): string => `text ${(n * 31) % 9973} of a row that takes some room in memory`

/** 15 MB of rows, and 5 MB to join them with. */
const files = {
  'rows.csv': `k,n,t\n${Array.from({ length: rowCount }, (_, n) => `${keyOf(n)},${n},${textOf(n)}\n`).join('')}`,
  'names.csv': `key,name\n${Array.from({ length: groupCount }, (_, k) => `${k},name ${k} ${'-'.repeat(70)}\n`).join('')}`,
}

const variants = [
  ['inline', ['--backend', 'inline']],
  ['on workers', ['--workers', '2']],
  ['in serial mode', ['--workers', '2', '--mode', 'serial']],
] as const

describe.each(variants)('with 4 MB of memory, %s,', (_, options) => {
  async function spilling(text: string): Promise<string[]> {
    const folder = project({ ...files, 'p.flow': text })
    const { code, stdout, stderr } = await cli(['run', 'p.flow', '--memory', '4MB', '--format', 'csv', ...options], {
      cwd: folder,
    })
    expect(code, stderr).toBe(0)
    // Exchanges of a serial run are stored anyway, and its groups are aggregated a partition at a time.
    if (!options.includes('serial' as never)) expect(stderr).toMatch(/ · spilled [\d.]+ MB · /)
    expect(leftovers(folder)).toEqual([])
    return stdout.trimEnd().split('\n').slice(1)
  }

  it('groups are counted right', async () => {
    const sums = new Map<number, { count: number; sum: number; largest: string }>()
    for (let n = 0; n < rowCount; n++) {
      const group = sums.get(keyOf(n)) ?? { count: 0, sum: 0, largest: '' }
      group.count++
      group.sum += n
      if (textOf(n) > group.largest) group.largest = textOf(n)
      sums.set(keyOf(n), group)
    }
    const rows = await spilling("from csv('rows.csv') |> aggregate count(*) as c, sum(n) as s, max(t) as m group by k")
    const expected = [...sums].map(([k, { count, sum, largest }]) => `${k},${count},${sum},${largest}`)
    expect(rows.sort()).toEqual(expected.sort())
  })

  it('rows are in order', async () => {
    const rows = await spilling("from csv('rows.csv') |> order by t desc, n |> select n, t")
    const order = Array.from({ length: rowCount }, (_, n) => n)
    const texts = order.map(textOf)
    order.sort((a, b) => (texts[a] === texts[b] ? a - b : texts[a] < texts[b] ? 1 : -1))
    expect(rows).toEqual(order.map((n) => `${n},${texts[n]}`))
  })

  it('joined rows meet', async () => {
    const rows = await spilling(
      "from csv('rows.csv') |> where mod(n, 5) = 0 |> as r |> join csv('names.csv') as names on r.k = names.key |> select n, name",
    )
    const expected = Array.from({ length: rowCount / 5 }, (_, i) => i * 5).map((n) => `${n},name ${keyOf(n)} ${'-'.repeat(70)}`)
    expect(rows.sort()).toEqual(expected.sort())
  })
})

it('what a killed run had spilled is removed by the next one', async () => {
  const folder = project({ ...files, 'p.flow': "from csv('rows.csv') |> order by t, n |> write csv('out.csv')" })
  const run = startCli(['run', 'p.flow', '--memory', '4MB', '--mode', 'pipelined'], { cwd: folder })
  await run.until(() => leftovers(folder).some((path) => path.includes('spill-')), 'a spilled file')
  killGroup(run)
  await run.ended
  expect(leftovers(folder)).not.toEqual([])
  expect(await cli(['query', '-e', "from csv('names.csv') |> limit 1"], { cwd: folder })).toMatchObject({ code: 0 })
  expect(leftovers(folder)).toEqual([])
  expect(existsSync(join(folder, 'out.csv'))).toBe(false)
})
