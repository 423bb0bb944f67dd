import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { cli, project } from './cli.ts'

it('a worker that hangs is ended, and its work done by another one', { timeout: 60_000 }, async () => {
  const cwd = project({
    'in.csv': `n\n${Array.from({ length: 100 }, (_, n) => n).join('\n')}\n`,
    'fn.mjs': `import { closeSync, openSync } from 'node:fs'
// The first worker that comes here never goes on.
export function slow(n) {
  if (n === 50) {
    let isFirst = true
    try { closeSync(openSync('was-here', 'wx')) } catch { isFirst = false }
    while (isFirst);
  }
  return n
}
`,
    'program.flow': `import { slow(float64) returns float64 } from './fn.mjs'
from csv('in.csv') |> extend slow(n) as m |> aggregate count(*) as c, sum(m) as s`,
  })
  writeFileSync(join(cwd, 'package.json'), '{}')
  const args = ['run', 'program.flow', '--workers', '2', '--hang-timeout', '2', '--format', 'csv']
  const { code, stdout, stderr } = await cli(args, { cwd })
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: 'c,s\n100,4950\n' })
  expect(stderr).toMatch(/retries|retry/)
})
