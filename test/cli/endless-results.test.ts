import { describe, expect, it } from 'vitest'
import { cli, project } from './cli.ts'

const pipeline = (verbs: string): string => `import { csv, pipeline } from 'millrace'
function* numbers(from: number) {
  try {
    for (let n = from; ; n++) yield n
  } finally {
    process.stderr.write('closed\\n')
  }
}
export default pipeline('p', {}, (p) => p.read(csv('in/*.csv', { schema: { n: 'int64' } }))${verbs})
`
const files = { 'in/a.csv': 'n\n1\n2\n', 'in/b.csv': 'n\n3\n' }

const backends = [
  ['inline', [], ['--backend', 'inline']],
  ['inline without generated code', ['--disallow-code-generation-from-strings'], ['--backend', 'inline']],
  ['on workers', [], ['--workers', '2']],
  ['serial', [], ['--mode', 'serial']],
] as const

describe.each(backends)('a function whose result has no end, %s', (_, node, args) => {
  it('gives as many rows as a limit wants, and is ended', async () => {
    const folder = project({
      ...files,
      'p.ts': pipeline('.flatMap(function* ({ n }) { for (const a of numbers(n)) yield { a } }).limit(5)'),
    })
    const { code, stdout, stderr } = await cli(['run', 'p.ts', '--format', 'csv', '--quiet', ...args], { cwd: folder, node })
    expect(code, stderr).toBe(0)
    expect(stdout).toBe('a\n1\n2\n3\n4\n5\n')
    expect(stderr).toMatch(/^(closed\n)+$/)
  })

  it('may be within another one, and its values may go through other functions', async () => {
    const folder = project({
      ...files,
      'p.ts': pipeline('.flatMap(() => numbers(0)).flatMap((n) => numbers(n)).map((n) => ({ n })).limit(3)'),
    })
    const { code, stdout, stderr } = await cli(['run', 'p.ts', '--format', 'csv', '--quiet', ...args], { cwd: folder, node })
    expect(code, stderr).toBe(0)
    expect(stdout).toBe('n\n0\n1\n2\n')
    // The inner one is ended before the outer one.
    expect(stderr.length).toBeGreaterThanOrEqual('closed\nclosed\n'.length)
  })

  it('is tried on no more rows than are needed to know them', async () => {
    const folder = project({ ...files, 'p.ts': pipeline(".flatMap(({ n }) => numbers(n)).select('value').limit(2)") })
    const { code, stdout, stderr } = await cli(['run', 'p.ts', '--format', 'csv', '--quiet', ...args], { cwd: folder, node })
    expect(code, stderr).toBe(0)
    expect(stdout).toBe('value\n1\n2\n')
  })
})
