import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { cli, project } from '../cli/cli.ts'

const files = {
  'in.csv': 'n\n1\n2\n',
  'talk.ts': `export function talk(n: number): number {
  console.log('to the output', n)
  console.error('to the errors', n)
  return n
}
`,
  'talk.flow': "import { talk(int64) returns int64 } from './talk.ts'\nfrom csv('in.csv') |> select talk(n) as n\n",
}
const inProcess = ['--isolation', 'process']

describe('--isolation process', () => {
  it('is one sentence in explain', async () => {
    const { stdout } = await cli(['explain', '-e', "from csv('in.csv')", ...inProcess], { cwd: project(files) })
    expect(stdout).toContain('It runs in 1 worker process, because --isolation process was given.\n')
    const json = await cli(['explain', '-e', "from csv('in.csv')", ...inProcess, '--format', 'json'], { cwd: project(files) })
    expect(JSON.parse(json.stdout)).toMatchObject({ backend: 'processes' })
  })

  it('is refused beside a backend that is not of processes', async () => {
    for (const backend of ['inline', 'threads']) {
      const result = await cli(['query', '-e', "from csv('in.csv')", ...inProcess, '--backend', backend], { cwd: project(files) })
      expect(result.stderr).toContain(`error USAGE_ARGUMENT: --backend ${backend} runs in this process`)
      expect(result).toMatchObject({ code: 2, stdout: '' })
    }
  })

  it('shows what functions print', async () => {
    const args = ['run', 'talk.flow', ...inProcess, '--format', 'jsonl', '--quiet']
    const { code, stdout, stderr } = await cli(args, { cwd: project(files) })
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'to the errors 1\nto the errors 2\n' })
    expect(stdout.split('\n').sort()).toEqual(['', 'to the output 1', 'to the output 2', '{"n":1}', '{"n":2}'])
  })

  it('tells an error of a function with its place, as inline', async () => {
    const cwd = project({ ...files, 'talk.ts': "export function talk(n: number): number {\n  throw new Error('no')\n}\n" })
    const [inline, process] = await Promise.all(
      [['--backend', 'inline'], inProcess].map((how) => cli(['run', 'talk.flow', ...how], { cwd })),
    )
    expect(inline).toMatchObject({ code: 1, stderr: expect.stringContaining('talk.ts:2') })
    expect(process).toEqual(inline)
  })

  it('runs a script beside its own pipeline that tells itself from its workers, and says how when it does not', () => {
    const index = pathToFileURL(fileURLToPath(new URL('../../dist/index.js', import.meta.url))).href
    const script = (condition: string): string => `
import { isMainThread } from 'node:worker_threads'
import { csv, pipeline, run } from '${index}'
export const own = pipeline('own', {}, (p) => p.read(csv('in.csv')).map(({ n }) => ({ n: Number(n) + 1 })))
if (${condition}) {
  const { outputs } = await run(own, {}, { isolation: 'process' }).catch((error) => (console.error(error.code, error.details.hint), { outputs: {} }))
  console.log(JSON.stringify(outputs.result?.toArray()))
}
`
    const cwd = project({
      ...files,
      'good.mjs': script('process.argv[1] === import.meta.filename'),
      'bad.mjs': script('isMainThread'),
    })
    const node = (file: string) => spawnSync(process.execPath, [join(cwd, file)], { cwd, encoding: 'utf8' })
    expect(node('good.mjs')).toMatchObject({ status: 0, stdout: '[{"n":2},{"n":3}]\n', stderr: '' })
    const bad = node('bad.mjs')
    expect(bad.stderr).toContain('RUN_NESTED')
    expect(bad.stderr).toContain('process.argv[1] === import.meta.filename')
  })
})
