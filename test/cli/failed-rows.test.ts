import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cli, leftovers, project } from './cli.ts'

const pipeline = `import { csv, pipeline } from 'millrace'
const half = (n: number): number => {
  if (n % 7 === 3) throw new Error(\`seven \${n}\`)
  return n / 2
}
export default pipeline('halves', {}, (p) =>
  p.read(csv('in.csv', { schema: { n: 'int64', word: 'string' } }))
    .map((r) => ({ h: half(r.n), words: r.word }))
    .flatMap((r) => r.words.split(' ').map((word) => ({ h: r.h, word })))
    .filter((r) => { if (r.word === 'stop') throw new Error('stopped'); return true }))
`
/** Rows 0 to 99; every 20th is no number, and every 25th has a word that stops. */
const rows = Array.from({ length: 100 }, (_, n) => `${n % 20 === 5 ? 'five' : n},${n % 25 === 0 ? 'a stop b' : 'a b'}`)
const files = { 'in.csv': `n,word\n${rows.join('\n')}\n`, 'p.ts': pipeline }

type Letter = Readonly<Record<string, unknown>>
const lettersIn = (cwd: string, name: string): Letter[] =>
  readFileSync(join(cwd, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

describe('rows that fail', () => {
  it('end the run by default, named with their function, values and place in the file', async () => {
    const cwd = project({ ...files, 'in.csv': 'n,word\n0,a stop b\n1,a\n' })
    const { code, stdout, stderr } = await cli(['run', 'p.ts'], { cwd })
    expect(stdout).toBe('')
    expect(stderr).toContain('error RUN_FUNCTION_FAILED: filter at p.ts:10:')
    expect(stderr).toContain("threw 'stopped' (row 1 of split 0)")
    expect(stderr).toContain(`in: ${join(cwd, 'in.csv')}:2 (byte 7)`)
    expect(stderr).toContain('text: {"n":0,"word":"a stop b"}')
    expect(code).toBe(1)
  })

  it('are left out and counted by reason', async () => {
    const cwd = project(files)
    const { code, stdout, stderr } = await cli(['run', 'p.ts', '--on-error', 'skip', '--format', 'csv'], { cwd })
    expect(code).toBe(0)
    // Each row makes two, and of those with a word that stops two are left.
    const bad = rows.filter((row) => row.startsWith('five')).length
    const sevens = rows.filter((row) => Number.parseInt(row, 10) % 7 === 3).length
    expect(stdout.trim().split('\n')).toHaveLength(1 + (100 - bad - sevens) * 2)
    expect(stderr).toContain('21 rows skipped: ')
    expect(stderr).toContain('RUN_FUNCTION_FAILED 16 (filter at p.ts:10:')
    expect(stderr).toContain("DATA_BAD_VALUE 5 (expected int64 in column 'n', found 'five' (in.csv:7))")
    expect(readdirSync(cwd).sort()).toEqual(['.millrace', 'in.csv', 'p.ts'])
  })

  const ways = [
    ['--backend', 'inline'],
    ['--backend', 'inline', '--mode', 'serial'],
    ['--backend', 'threads', '--workers', '2'],
    ['--backend', 'threads', '--workers', '2', '--mode', 'serial'],
  ]
  it('become the same dead letters whatever runs them', async () => {
    const found: string[][] = []
    for (const way of ways) {
      const cwd = project(files)
      const { code, stderr } = await cli(['run', 'p.ts', '--dead-letters', 'bad.jsonl', ...way, '--format', 'csv'], { cwd })
      expect(code, stderr).toBe(0)
      expect(stderr).toContain('21 rows skipped, see bad.jsonl: ')
      const text = readFileSync(join(cwd, 'bad.jsonl'), 'utf8').replaceAll(cwd, '.')
      found.push(text.trimEnd().split('\n').sort())
      expect(leftovers(cwd)).toEqual([])
    }
    for (const letters of found) expect(letters).toEqual(found[0])
    expect(found[0]).toHaveLength(21)
  })

  it('are told in their letters', async () => {
    const cwd = project(files)
    await cli(['run', 'p.ts', '--on-error', 'dead-letter', '--quiet'], { cwd })
    const letters = lettersIn(cwd, 'halves.dead-letters.jsonl')
    const file = join(cwd, 'in.csv')
    const stopped = letters.find(({ message }) => message === 'stopped')
    expect(stopped).toMatchObject({
      code: 'RUN_FUNCTION_FAILED',
      message: 'stopped',
      operator: 'filter',
      file,
      line: 2,
      offset: 7,
      split: 0,
      row: 1,
      values: { n: 0, word: 'a stop b' },
      item: { h: 0, word: 'stop' },
    })
    expect(stopped?.function).toMatch(/^filter at p\.ts:10:\d+$/)
    expect(letters.find(({ message }) => message === 'seven 3')).toMatchObject({ operator: 'map', line: 5, values: { n: 3 } })
    const bad = letters.find(({ code }) => code === 'DATA_BAD_VALUE')
    expect(bad).toMatchObject({
      operator: 'csv',
      file,
      line: 7,
      text: 'five,a b',
      message: "expected int64 in column 'n', found 'five'",
    })
  })

  it('leave no dead letters where the run fails', async () => {
    const cwd = project({
      ...files,
      'f.flow':
        "set dead_letters = 'bad.jsonl'\nfrom csv('in.csv') schema (n int64, word string) |> where n < 9 |> extend 1 / n as x |> aggregate sum(9223372036854775800 + n) as s\n",
    })
    const { code, stderr } = await cli(['run', 'f.flow'], { cwd })
    expect(stderr).toContain('error RUN_OVERFLOW')
    expect(code).toBe(1)
    expect(existsSync(join(cwd, 'bad.jsonl'))).toBe(false)
    expect(leftovers(cwd)).toEqual([])
  })

  it('end the run with 3 when there are more than allowed, in one task or in all of them', async () => {
    const cwd = project(files)
    for (const way of ways) {
      const { code, stdout, stderr } = await cli(['run', 'p.ts', '--dead-letters', 'bad.jsonl', '--max-errors', '20', ...way], {
        cwd,
      })
      expect(stderr).toContain('error DATA_TOO_MANY_ERRORS: more than 20 rows failed: RUN_FUNCTION_FAILED ')
      expect([code, stdout]).toEqual([3, ''])
      expect(existsSync(join(cwd, 'bad.jsonl'))).toBe(false)
    }
    expect((await cli(['run', 'p.ts', '--on-error', 'skip', '--max-errors', '21', '--quiet'], { cwd })).code).toBe(0)
  })

  it('of an earlier run are replaced, and no other file is', async () => {
    const cwd = project({ ...files, 'notes.txt': 'remember the milk\n', 'good.csv': 'n\n1\n' })
    const args = ['run', 'p.ts', '--quiet', '--format', 'csv', '--dead-letters']
    expect((await cli([...args, 'bad.jsonl'], { cwd })).code).toBe(0)
    const first = readFileSync(join(cwd, 'bad.jsonl'), 'utf8')
    expect((await cli([...args, 'bad.jsonl'], { cwd })).code).toBe(0)
    expect(readFileSync(join(cwd, 'bad.jsonl'), 'utf8')).toBe(first)
    const query = await cli(['query', '-e', "from csv('good.csv')", '--dead-letters', 'bad.jsonl'], { cwd })
    expect([query.code, query.stderr]).toEqual([0, ''])
    expect(readFileSync(join(cwd, 'bad.jsonl'), 'utf8')).toBe('')
    const { code, stderr } = await cli([...args, 'notes.txt'], { cwd })
    expect(stderr).toContain("error SINK_EXISTS: '")
    expect(stderr).toContain("notes.txt' exists and holds no dead letters")
    expect(code).toBe(4)
    expect(readFileSync(join(cwd, 'notes.txt'), 'utf8')).toBe('remember the milk\n')
  })

  it('are as the command line says, whatever the program sets', async () => {
    const program = "set on_error = 'skip'\nset max_errors = 9\nfrom csv('in.csv') schema (n int64) |> where n < 30\n"
    const cwd = project({ ...files, 'f.flow': program })
    const failed = await cli(['run', 'f.flow', '--on-error', 'fail'], { cwd })
    expect(failed.stderr).toContain('error DATA_BAD_VALUE')
    expect(failed.code).toBe(3)
    const { stderr } = await cli(['query', 'f.flow'], { cwd })
    expect(stderr).toContain('5 rows skipped: DATA_BAD_VALUE 5')
  })

  const refused: readonly (readonly [what: string, args: readonly string[], says: string])[] = [
    [
      'a file of dead letters that nobody writes',
      ['--on-error', 'skip', '--dead-letters', 'x.jsonl'],
      '--dead-letters names a file',
    ],
    ['a limit for rows that end the run', ['--max-errors', '3'], '--max-errors belongs to --on-error skip or dead-letter'],
    ['a policy that there is not', ['--on-error', 'ignore'], "'ignore' is invalid, expected one of fail, skip, dead-letter"],
    ['a limit that is no number', ['--on-error', 'skip', '--max-errors', 'many'], '--max-errors takes a whole number'],
  ]
  it.each(refused)('refuse %s', async (_, args, says) => {
    const { code, stderr } = await cli(['run', 'f.flow', ...args], { cwd: project({ ...files, 'f.flow': "from csv('in.csv')" }) })
    expect(stderr).toContain(says)
    expect(code).toBe(2)
  })
})

describe('a generator that throws', () => {
  const module = (end: number, limit: string): string => `import { csv, pipeline } from 'millrace'
export default pipeline('g', {}, (p) =>
  p.read(csv('in.csv', { schema: { n: 'int64' } })).flatMap(function* ({ n }) {
    for (let i = 0; i < ${end}; i++) {
      if (n === 2 && i === ${end} - 1) throw new Error('late')
      yield n
    }
  })${limit})
`
  const inputs = { 'in.csv': 'n\n1\n2\n3\n' }

  it('leaves nothing of its row', async () => {
    const cwd = project({ ...inputs, 'p.ts': module(3, '') })
    const { stdout, stderr } = await cli(['run', 'p.ts', '--on-error', 'skip', '--format', 'csv'], { cwd })
    expect(stdout).toBe('value\n1\n1\n1\n3\n3\n3\n')
    expect(stderr).toContain('1 row skipped: RUN_FUNCTION_FAILED 1 (flatMap at p.ts:3:')
  })

  it('ends the run when too much of its row has gone on', async () => {
    const cwd = project({ ...inputs, 'p.ts': module(70_000, '') })
    const { code, stderr } = await cli(['run', 'p.ts', '--on-error', 'skip', '--quiet'], { cwd })
    expect(stderr).toContain('error RUN_FUNCTION_FAILED: flatMap at p.ts:3:')
    expect(stderr).toContain('its first 65536 values had gone on, so that its row could not be left out')
    expect(code).toBe(1)
  })

  it('may have no end where only some rows are wanted', async () => {
    const cwd = project({ ...inputs, 'p.ts': module(Number.MAX_SAFE_INTEGER, '.limit(2)') })
    const { stdout } = await cli(['run', 'p.ts', '--on-error', 'skip', '--format', 'csv'], { cwd })
    expect(stdout).toBe('value\n1\n1\n')
  })
})
