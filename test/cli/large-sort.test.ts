import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cli, leftovers, project } from './cli.ts'

const rowCount = 120_000
/** Every third row has the key of others; all are 100 bytes or so. */
const keyOf = (n: number): string => (n % 3 === 0 ? 'common' : ((n * 7919) % rowCount).toString(36).padStart(4, '0'))
const lines = Array.from({ length: rowCount }, (_, n) => `${keyOf(n)} ${n} ${'x'.repeat(80)}`)
const expected = [...lines].sort()

const ways = [
  ['inline', ['--backend', 'inline']],
  ['with one worker', ['--workers', '1']],
  ['with three workers', ['--workers', '3']],
  ['in serial mode', ['--workers', '2', '--mode', 'serial']],
  ['in 4 MB of memory', ['--workers', '2', '--memory', '4MB']],
] as const

const files = {
  'rows.txt': lines.map((line) => `${line}\n`).join(''),
  'parts.flow': "param out string from text('rows.txt') |> order by line |> write text(@out)",
  'middle.flow': "from text('rows.txt') |> order by line desc |> limit 3 offset 100000",
}

async function run(folder: string, args: readonly string[]): Promise<string> {
  const result = await cli(['run', ...args], { cwd: folder })
  expect(result.code, result.stderr).toBe(0)
  expect(leftovers(folder)).toEqual([])
  return result.stdout
}

function partsOf(folder: string): string[] {
  const names = readdirSync(folder).filter((file) => file.startsWith('part-'))
  return names.sort().map((file) => readFileSync(join(folder, file), 'utf8'))
}

describe('an order of 11 MB', () => {
  it('fills the same parts of a folder, in order and of one size, however it is run', async () => {
    const folder = project(files)
    let first: string[] | undefined
    for (const [name, options] of ways) {
      await run(folder, ['parts.flow', '--param', `out=${name}/`, ...options])
      const parts = partsOf(join(folder, name))
      first ??= parts
      expect(parts.join(''), name).toBe(expected.map((line) => `${line}\n`).join(''))
      // Compared part by part, since an assertion would print all of them.
      expect(
        parts.map((part, i) => part === first?.[i]),
        name,
      ).toEqual(new Array(8).fill(true))
    }
    const sizes = first?.map((text) => text.length).sort((a, b) => a - b) as number[]
    expect(sizes[7] / sizes[4]).toBeLessThan(1.1)
  })

  it.each(ways)('makes one file, and gives rows from the middle: %s', async (_name, options) => {
    const folder = project(files)
    await run(folder, ['parts.flow', '--param', 'out=out.txt', ...options])
    expect(readFileSync(join(folder, 'out.txt'), 'utf8')).toBe(expected.map((line) => `${line}\n`).join(''))
    const rows = (await run(folder, ['middle.flow', '--format', 'jsonl', ...options])).trimEnd().split('\n')
    expect(rows.map((row) => JSON.parse(row).line)).toEqual(expected.toReversed().slice(100_000, 100_003))
  })
})
