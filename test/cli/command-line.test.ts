import { expect, it } from 'vitest'
import { cli, leftovers, project, shell } from './cli.ts'

const files = {
  'a.csv': 'a,b\n1,x\n2,y\n',
  'print.flow': "from csv('a.csv')\n",
  'write.flow': "from csv('a.csv') |> write csv('out.csv')\n",
}

it.each(['run', 'explain', 'check', 'query', 'simulate', 'runs'])(
  'millrace %s --help says what each option does',
  async (command) => {
    const { code, stdout } = await cli([command, '--help'], { cwd: project({}) })
    expect(code).toBe(0)
    const options = stdout.slice(stdout.indexOf('Options:')).replaceAll(/\n {4,}/g, ' ')
    for (const line of options.split('\n').filter((each) => each.startsWith('  -'))) expect(line).toMatch(/ {2,}[A-Za-z]/)
    // What the program keeps them in is nothing that a user would write.
    expect(stdout).not.toMatch(/default: ([[{]|none)/)
    expect(stdout).toContain(`Examples:\n  millrace ${command} `)
  },
)

it('points to the help of the command that was called', async () => {
  const { stderr } = await cli(['run'], { cwd: project({}) })
  expect(stderr).toContain('help: see millrace run --help')
})

it('leaves nothing of its own behind but records, whether it writes, prints or fails', async () => {
  const folder = project(files)
  // The second time the output is there already.
  for (const args of [['write.flow'], ['write.flow'], ['print.flow', '--mode', 'serial']]) {
    await cli(['run', ...args], { cwd: folder })
    expect(leftovers(folder)).toEqual([])
  }
})

it('says that there is no output to choose', async () => {
  const { code, stderr } = await cli(['run', 'write.flow', '--output', 'out1'], { cwd: project(files) })
  expect(code).toBe(2)
  expect(stderr).toContain('help: the program only writes files')
})

it('refuses a --cwd that is no folder', async () => {
  const { code, stderr } = await cli(['run', 'print.flow', '--cwd', 'nowhere'], { cwd: project(files) })
  expect(code).toBe(2)
  expect(stderr).toBe("error USAGE_ARGUMENT: --cwd takes a folder, and there is none at 'nowhere'\n")
})

it('explains a small input in bytes', async () => {
  const { stdout } = await cli(['explain', 'print.flow'], { cwd: project(files) })
  expect(stdout).toContain('because 12 B of input are not worth starting workers')
})

it('names functions by file and line, without the folders', async () => {
  const module = `import { csv, pipeline } from 'millrace'
export default pipeline('p', {}, (p) => p.read(csv('a.csv')).map((r) => ({ n: r.a.b.c })))
`
  const folder = project({ ...files, 'p.ts': module })
  const explained = await cli(['run', 'p.ts'], { cwd: folder })
  expect(explained.stderr).toMatch(/map at p\.ts:2:\d+ threw/)
  expect(explained.stderr).not.toContain('operator:')
})

it.each([['--help'], ['run --help'], ['--version']])('tells that there is no room for %s', async (flags) => {
  const { code, stderr } = await shell(`millrace ${flags} > /dev/full`, { cwd: project({}) })
  expect(code).toBe(5)
  expect(stderr).toContain('error RESOURCE_DISK_FULL: cannot write standard output')
})

it('explains a program whose output is there already', async () => {
  const folder = project({ ...files, 'out.csv': '' })
  expect(await cli(['explain', 'write.flow'], { cwd: folder })).toMatchObject({ code: 0, stderr: '' })
})

it.each(['check', 'explain'])('takes a query for %s', async (command) => {
  const cwd = project(files)
  const query = "from csv('a.csv') |> distinct |> limit 1"
  const given = await cli([command, '-e', query], { cwd })
  expect(given.code).toBe(0)
  expect(given.stdout + given.stderr).toContain('W-ORDER')
  expect(await cli([command], { cwd, input: query })).toEqual(given)
})

it('checks a program as one of changes', async () => {
  const cwd = project({ 'c.jsonl': '', 'c.flow': "from changes('c.jsonl') schema (a int64) |> write csv('out.csv')" })
  expect(await cli(['check', 'c.flow'], { cwd })).toMatchObject({ code: 0 })
  expect((await cli(['check', 'c.flow', '--incremental'], { cwd })).stderr).toContain('error PLAN_WEIGHTS')
})
