import { describe, expect, it } from 'vitest'
import { cli, project } from './cli.ts'

const pipeline = (verbs: string): string => `import { csv, pipeline } from 'millrace'
import { deep } from './lib.ts'
const busy = (): void => { for (const end = performance.now() + 50; performance.now() < end; ); }
const one = { returns: { a: 'int64' } } as const
export default pipeline('p', {}, (p) => p.read(csv('in.csv'))${verbs})
`
const files = {
  'in.csv': 'text\na\nb\n',
  'lib.ts': 'export function deep(x: any): number {\n  return x.a.b\n}\n',
}
const failed = 'error RUN_FUNCTION_FAILED: '
const trap = "new Proxy({}, { get() { throw new Error('get') }, getPrototypeOf() { throw new Error('prototype') } })"

const cases: readonly (readonly [what: string, verbs: string, says: readonly string[]])[] = [
  [
    'gives null where there should be many values',
    '.flatMap(() => null as any, one)',
    ['error DATA_SHAPE_CHANGED: result of flatMap at p.ts:5:', '(row 1 of split 0): expected an iterable, found null'],
  ],
  [
    'reads the values of a group twice',
    '.keyBy((r) => r.text).groupByKey().map(([, v]) => ({ a: [...v].length + [...v].length }), one)',
    ['error RUN_ITERABLE_REUSED: map at p.ts:5:', ' --> p.ts:5:'],
  ],
  [
    'gives an invalid Date',
    ".map(() => ({ d: new Date('soon') }), { returns: { d: 'timestamp' } })",
    ['d: expected timestamp, found an invalid Date'],
  ],
  [
    'gives an object that throws when it is read',
    ".map(() => ({ get a(): number { throw new Error('no a') } }), one)",
    [`${failed}map at p.ts:5:`, "threw 'no a' (row 1 of split 0)"],
  ],
  [
    'gives an object that throws when it is tried',
    ".map(() => ({ get a(): number { throw new Error('no a') } })).select('a')",
    [`${failed}the result of map at p.ts:5:`, 'cannot be read: no a'],
  ],
  ['throws a proxy', `.map((): { a: number } => { throw ${trap} }, one)`, [`${failed}map at p.ts:5:`]],
  [
    'leaves a timer that throws',
    ".map(() => { setTimeout(() => { throw new Error('late') }, 0); return { a: 1 } }, one).map(() => { busy(); return { a: 1 } }, one)",
    [`${failed}the program threw outside of its functions: late`, 'help: timers and promises of a function'],
  ],
  [
    'leaves a promise that fails',
    ".map(() => { void Promise.reject(new Error('late')); return { a: 1 } }, one)",
    [`${failed}the program threw outside of its functions: late`, 'help: timers and promises of a function'],
  ],
  ['calls another one that throws', '.map((r) => ({ a: deep(r) }), one)', [' --> p.ts:5:', ' --> lib.ts:2:14', 'thrown here']],
]

describe.each([['inline'], ['threads']])('on the backend %s a function', (backend) => {
  it.each(cases)('that %s is named with its place', async (_, verbs, says) => {
    const args = ['run', 'p.ts', '--backend', backend, '--format', 'csv', '--quiet']
    const { code, stdout, stderr } = await cli(args, { cwd: project({ ...files, 'p.ts': pipeline(verbs) }) })
    expect(stdout).toBe('')
    for (const text of says) expect(stderr).toContain(text)
    expect(code).toBe(says[0].includes('DATA') || says[0].includes('Date') ? 3 : 1)
  })
})
