import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundledPackages } from '../../scripts/docs/notices.ts'
import { installedProject, type Project, root } from './project.ts'

let project: Project
beforeAll(async () => {
  project = await installedProject()
  project.write('people.csv', 'name,age\nAda,36\nAlan,41\nGrace,\n')
  project.write('text.ts', `export const shout = (text: string): string => text.toUpperCase()\n`)
  project.write('people.flow', peopleFlow)
  project.write('people.ts', peoplePipeline)
})
afterAll(() => project?.remove())

const peopleFlow = `
import { shout(string) returns string } from './text.ts'
from csv('people.csv') |> where age is not null |> select shout(name) as name, age + 1 as age |> order by age
`
const peoplePipeline = `
import { csv, pipeline } from 'millrace'
import { shout } from './text.ts'

const schema = { name: 'string', age: 'int64?' } as const
export default pipeline('people', { least: { type: 'int64', default: 0 } }, (p, { least }) =>
  p
    .read(csv('people.csv', { schema }))
    .where((r) => r.age.ge(least))
    .map((r) => ({ name: shout(r.name), age: (r.age ?? 0) + 1 }), { returns: { name: 'string', age: 'int64' } })
    .orderBy('age'),
)
`
const rows = '{"name":"ADA","age":37}\n{"name":"ALAN","age":42}\n'

describe('the packed package', () => {
  it('holds the launcher, the bundle with its types, the docs and examples, and nothing else of the repository', () => {
    const outside = project.packedFiles.filter((path) => !/^(bin|dist|examples)\//.test(path))
    expect(outside.sort()).toEqual([
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'THIRD-PARTY.txt',
      'bench/results.md',
      'docs/errors.md',
      'docs/events.schema.json',
      'docs/explain.schema.json',
      'docs/guide.md',
      'docs/images/recovery-pipelined.svg',
      'docs/images/recovery-serial.svg',
      'docs/internals.md',
      'docs/language.md',
      'docs/recovery.md',
      'docs/simulator.md',
      'package.json',
    ])
    expect(project.packedFiles).toEqual(
      expect.arrayContaining(['bin/millrace.cjs', 'dist/index.js', 'dist/index.d.ts', 'dist/cli.js', 'dist/worker.js']),
    )
  })

  it('holds what its pages link to', () => {
    const pages = project.packedFiles.filter((path) => path.endsWith('.md'))
    const links = pages.flatMap((page) =>
      [...project.read(`node_modules/millrace/${page}`).matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map(([, target]) =>
        posix.join(posix.dirname(page), target),
      ),
    )
    expect(links).toContain('bench/results.md')
    expect(project.packedFiles).toEqual(expect.arrayContaining([...new Set(links)]))
  })

  it('runs its examples where the pages have them copied to', () => {
    cpSync(join(project.cwd, 'node_modules/millrace/examples'), join(project.cwd, 'examples'), { recursive: true })
    for (const program of ['word-count/word-count.flow', 'word-count/word-count.ts', 'sales/sales.flow', 'sales/sales.ts']) {
      const { status, stderr } = project.millrace('run', `examples/${program}`, '--quiet')
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    }
  })

  it('has no script that an install would run', () => {
    const { scripts } = JSON.parse(project.read('node_modules/millrace/package.json')) as { scripts: object }
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) expect(scripts).not.toHaveProperty(name)
  })

  it('names the packages whose code it bundles', () => {
    const dist = join(project.cwd, 'node_modules/millrace/dist')
    const code = readdirSync(dist).map((file) => readFileSync(join(dist, file), 'utf8'))
    const bundled = code.flatMap((text) =>
      [...text.matchAll(/^\/\/#region node_modules\/((?:@[^/]+\/)?[^/\n]+)/gm)].map((match) => match[1]),
    )
    expect(bundledPackages).toEqual(expect.arrayContaining([...new Set(bundled)]))
  })

  it('needs no other package', () => expect(project.packages).toEqual(['millrace']))

  it.each([
    ['people.flow', 'inline'],
    ['people.flow', 'threads'],
    ['people.ts', 'inline'],
    ['people.ts', 'threads'],
  ])('runs %s on %s in a project with type commonjs', (file, backend) => {
    const { status, stdout, stderr } = project.millrace('run', file, '--backend', backend, '--format', 'jsonl', '--quiet')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: rows, stderr: '' })
  })

  it('runs from a script, on threads, also one that waits for its own pipeline', () => {
    const own = `export const own = pipeline('own', {}, (p) => p.read(csv('people.csv')).map((r) => ({ name: r.name.toUpperCase() })))`
    project.write('own.mts', `import { csv, pipeline } from 'millrace'\n${own}`)
    project.write('main.mts', `import { run } from 'millrace'\nimport { own } from './own.mts'\n${runOwn}`)
    project.write(
      'self.mts',
      `import { isMainThread } from 'node:worker_threads'\nimport { csv, pipeline, run } from 'millrace'\n${own}\nif (isMainThread) {${runOwn}}`,
    )
    expect(project.node('main.mts')).toEqual({ status: 0, stdout: 'ADA ALAN GRACE\n', stderr: '' })
    expect(project.node('self.mts')).toEqual({ status: 0, stdout: 'ADA ALAN GRACE\n', stderr: '' })
  })

  it('exports its entry, package.json and the schema of explain, and nothing else', () => {
    project.write(
      'exports.mjs',
      `import schema from 'millrace/explain.schema.json' with { type: 'json' }
       import manifest from 'millrace/package.json' with { type: 'json' }
       console.log(typeof schema.properties, manifest.name, await import('millrace/dist/cli.js').catch((error) => error.code))`,
    )
    expect(project.node('exports.mjs')).toEqual({
      status: 0,
      stdout: 'object millrace ERR_PACKAGE_PATH_NOT_EXPORTED\n',
      stderr: '',
    })
  })

  it('type-checks a project against its types, and refuses a wrong column', () => {
    project.write('wrong.ts', peoplePipeline.replace('r.age.ge', 'r.agee.ge'))
    const compilerOptions = {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      types: [],
    }
    project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['people.ts', 'wrong.ts'] }))
    const { stdout } = project.node(join(root, 'node_modules/typescript/bin/tsc'), '-p', '.')
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.replace(/\(.*?\)/, '')),
    ).toEqual([expect.stringMatching(/^wrong\.ts: error TS2551: .*'agee'/)])
  })
})

const runOwn = `
const { outputs, close } = await run(own, {}, { backend: 'threads', workers: 2 })
console.log(outputs.result.toArray().map((row) => row.name).join(' '))
close()
`
