import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cli, project } from './cli.ts'

const limit = 64
const rowCount = 1_500_000
const groupCount = rowCount / 4
/** Peak memory in MB is at most this: the limit and 15 %, 60 MB, and an empty Node.js. */
const allowed = limit * 1.15 + 60 + 45

/** 150 MB of rows, each key far from its like. */
function writeRows(path: string): void {
  const file = openSync(path, 'w')
  writeSync(file, 'k,n,t\n')
  const filler = 'text that takes room in memory and on disk '.repeat(2).slice(0, 80)
  for (let n = 0; n < rowCount; ) {
    let rows = ''
    for (const end = Math.min(rowCount, n + 5000); n < end; n++) rows += `${(n * 7919) % groupCount},${n},${filler}\n`
    writeSync(file, rows)
  }
  closeSync(file)
}

it.runIf(process.platform === 'linux')('holds no more memory than the limit allows while it aggregates and joins', async () => {
  const folder = project({
    'aggregate.flow':
      "from csv('rows.csv') |> aggregate sum(n) as s, max(t) as t group by k |> aggregate count(*) as c, sum(s) as s",
    'join.flow': "let a = from csv('rows.csv')\nfrom a |> join a as b on a.n = b.n |> aggregate count(*) as c, count(b.t) as t",
  })
  writeRows(join(folder, 'rows.csv'))
  for (const [program, answer] of [
    ['aggregate.flow', `c,s\n${groupCount},${(rowCount * (rowCount - 1)) / 2}`],
    ['join.flow', `c,t\n${rowCount},${rowCount}`],
  ]) {
    const options = ['--memory', `${limit}MB`, '--backend', 'threads', '--format', 'csv']
    const { code, stdout, stderr } = await cli(['run', program, ...options], { cwd: folder })
    expect(code, stderr).toBe(0)
    expect(stdout.trim()).toBe(answer)
    expect(stderr).toContain(' · spilled ')
    expect(Number(/ · peak (\d+) MB · /.exec(stderr)?.[1]), program).toBeLessThan(allowed)
  }
})
