import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { Value } from '../../src/data/type.ts'
import { execute } from '../../src/run/execute.ts'
import type { RunOptions } from '../../src/run/options.ts'
import { type Prepared, prepare } from '../../src/run/prepare.ts'
import { loadFlow } from '../../src/run/program.ts'
import { resultToRows } from '../../src/runtime/results.ts'

// One thread through all layers: programs in text, planned, and run by the engine as users run them.

const folder = mkdtempSync(join(tmpdir(), 'millrace-tracer-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function prepared(text: string, options: RunOptions = {}): Promise<Prepared> {
  const program = await loadFlow(join(folder, 'program.flow'), text, new Map())
  return prepare(program, { backend: 'inline', cwd: folder, ...options })
}

async function rowsOf(text: string, options: RunOptions = {}): Promise<{ rows: Value[][]; spilledBytes: number }> {
  const ready = await prepared(text, options)
  const done = await execute(ready, options)
  try {
    return { rows: done.outputs.flatMap((output) => resultToRows(output)), spilledBytes: done.metrics.spilledBytes }
  } finally {
    done.close()
  }
}

const inOrder = (rows: readonly Value[][]): string[] =>
  rows.map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).sort()

/** SplitMix32: numbers from 0 up to 1. */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[out[i], out[j]] = [out[j], out[i]]
  }
  return out
}

describe('an aggregate with more groups than its grant', () => {
  it('spills and is right', async () => {
    const groups = 40_000
    const rows = Array.from({ length: 3 * groups }, (_, n) => `${(n * 7919) % groups},${n % 2 === 0 ? n : -n},name ${n % 1000}`)
    writeFileSync(join(folder, 'groups.csv'), `k,v,t\n${rows.join('\n')}\n`)
    const text = `from csv('groups.csv')
      |> aggregate count(*) as n, sum(v) as s, avg(v) as a, min(t) as least, max(t) as most, count(distinct t) as names group by k`
    const inMemory = await rowsOf(text)
    expect(inMemory.spilledBytes).toBe(0)
    expect(inMemory.rows).toHaveLength(groups)
    for (const mode of ['pipelined', 'hybrid', 'serial'] as const) {
      const spilled = await rowsOf(text, { memoryBytes: 4e6, mode })
      if (mode === 'pipelined') expect(spilled.spilledBytes).toBeGreaterThan(0)
      expect(inOrder(spilled.rows)).toEqual(inOrder(inMemory.rows))
    }
    const expected = new Map<number, [number, number]>()
    for (let n = 0; n < 3 * groups; n++) {
      const [count, sum] = expected.get((n * 7919) % groups) ?? [0, 0]
      expected.set((n * 7919) % groups, [count + 1, sum + (n % 2 === 0 ? n : -n)])
    }
    for (const [k, n, s] of inMemory.rows) expect([n, s]).toEqual(expected.get(k as number))
  })
})

const view = new DataView(new ArrayBuffer(8))

/** A double as a whole number of 2^-1074. */
function units(x: number): bigint {
  view.setFloat64(0, x)
  const bits = view.getBigUint64(0)
  const exponent = (bits >> 52n) & 0x7ffn
  const fraction = bits & (2n ** 52n - 1n)
  const size = exponent === 0n ? fraction : (fraction | (2n ** 52n)) << (exponent - 1n)
  return x < 0 ? -size : size
}

/** Bits of a quotient that are looked at; those of the dividend would be too few when it is small. */
const scale = 128

/** The double nearest to `dividend / divisor` units: 64 leading bits, and one that tells whether anything follows, are rounded once. */
function nearest(dividend: bigint, divisor = 1n): number {
  const scaled = (dividend < 0n ? -dividend : dividend) << BigInt(scale)
  const quotient = scaled / divisor
  const extra = Math.max(0, quotient.toString(2).length - 64)
  const isExact = quotient % (1n << BigInt(extra)) === 0n && scaled % divisor === 0n
  const value = Number((quotient >> BigInt(extra)) | (isExact ? 0n : 1n)) * 2 ** (extra - 1074 - scale)
  return dividend < 0n ? -value : value
}

describe('sums of floats', () => {
  const groups = 5
  const random = randomFrom(11)
  /** Money, sixty decades, and large numbers that cancel: any other way of adding shows in some digit. */
  const values = Array.from({ length: 1200 }, (_, n): [number, number] => {
    const kind = n % 3
    const x =
      kind === 0
        ? Math.round(random() * 1e6) / 100
        : kind === 1
          ? (random() - 0.5) * 10 ** Math.floor(random() * 60 - 30)
          : 1e200 * (n % 2 === 0 ? 1 : -1)
    return [n % groups, x]
  })
  const totalsOf = (rows: readonly [number, number][]): bigint[] =>
    Array.from({ length: groups }, (_, group) => rows.filter(([g]) => g === group).reduce((sum, [, x]) => sum + units(x), 0n))
  const exactSums = (rows: readonly [number, number][]): [number, number][] =>
    totalsOf(rows).map((total, group) => [group, nearest(total)])
  const totals = totalsOf(values)
  const sizes = totals.map((_, group) => values.filter(([g]) => g === group).length)
  const expected = exactSums(values)

  it('are the exact ones for 1 to 64 files, any order of rows, and any parallelism', async () => {
    for (const [files, parallelism, mode] of [
      [1, 1, 'pipelined'],
      [1, 64, 'serial'],
      [2, 3, 'pipelined'],
      [7, 8, 'hybrid'],
      [16, 1, 'serial'],
      [33, 5, 'pipelined'],
      [64, 64, 'pipelined'],
    ] as const) {
      const name = `floats-${files}-${parallelism}`
      mkdirSync(join(folder, name))
      const rows = shuffled(values, random)
      for (let file = 0; file < files; file++) {
        const own = rows.filter((_, i) => i % files === file).map(([g, x]) => `${g},${x}\n`)
        writeFileSync(join(folder, name, `${file}.csv`), `g,x\n${own.join('')}`)
      }
      const text = `set parallelism = ${parallelism}
        from csv('${name}/*.csv') schema (g int64, x float64) |> aggregate sum(x) as s, avg(x) as a, count(*) as n group by g`
      const { rows: sums } = await rowsOf(text, { mode })
      const byGroup = sums.toSorted(([a], [b]) => Number(a) - Number(b))
      expect(
        byGroup.map(([g, s]) => [g, s]),
        name,
      ).toEqual(expected)
      const means = byGroup.map(([, , mean]) => mean)
      expect(means, name).toEqual(totals.map((total, group) => nearest(total, BigInt(sizes[group]))))
      const whole = await rowsOf(`from csv('${name}/*.csv') schema (g int64, x float64) |> aggregate sum(x) as s`, { mode })
      expect(whole.rows).toEqual([[nearest(values.reduce((sum, [, x]) => sum + units(x), 0n))]])
    }
  })

  it('are the exact ones of what is left when rows came and went by epochs', async () => {
    const changes: string[] = []
    const change = (op: '+' | '-', epoch: number, [g, x]: [number, number]): void => {
      changes.push(JSON.stringify({ g, x, _op: op, _epoch: epoch }))
    }
    const passing = values.map(([g], i): [number, number] => [g, (random() - 0.5) * 10 ** ((i % 280) - 140)])
    for (const row of shuffled(values.slice(0, 800), random)) change('+', 0, row)
    for (const row of shuffled(passing, random)) change('+', 1, row)
    for (const row of shuffled(values.slice(800), random)) change('+', 2, row)
    for (const row of shuffled(passing.slice(0, 500), random)) change('-', 2, row)
    for (const row of shuffled(passing.slice(500), random)) change('-', 3, row)
    writeFileSync(join(folder, 'floats.jsonl'), `${changes.join('\n')}\n`)
    const source = "from changes('floats.jsonl') schema (g int64, x float64) |> aggregate sum(x) as s, count(*) as n group by g"
    const plain = await rowsOf(`${source} |> order by g`)
    expect(plain.rows.map(([g, s]) => [g, s])).toEqual(expected)
    await rowsOf(`${source} |> write changelog('sums.out.jsonl', mode => 'overwrite')`, { incremental: true })
    const lines = readFileSync(join(folder, 'sums.out.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const net = afterAllEpochs(lines, ({ g, s }) => JSON.stringify([g, s]))
    expect([...net.keys()].sort()).toEqual(expected.map((row) => JSON.stringify(row)).sort())
    expect([...net.values()]).toEqual(expected.map(() => 1))
    // After the first epoch the sums are those of the rows that had come by then.
    const first = lines.filter((line) => line._epoch === 0).map(({ g, s }) => [Number(g), Number(s)])
    expect(first.toSorted(([a], [b]) => a - b)).toEqual(exactSums(values.slice(0, 800)))
  })
})

type Change = Record<string, string | number>

/** How often each row is there when all changes have been made; rows that are gone are left out. */
function afterAllEpochs(lines: readonly Change[], key: (line: Change) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const count = (counts.get(key(line)) ?? 0) + (line._op === '+' ? 1 : -1)
    if (count === 0) counts.delete(key(line))
    else counts.set(key(line), count)
  }
  return counts
}

describe('the example of word counts by deltas', () => {
  const examples = fileURLToPath(new URL('../../examples/word-changes/', import.meta.url))
  const program = readFileSync(join(examples, 'word-changes.flow'), 'utf8')
  mkdirSync(join(folder, 'examples/word-changes'), { recursive: true })
  copyFileSync(join(examples, 'words.jsonl'), join(folder, 'examples/word-changes/words.jsonl'))
  const written = (): Change[] =>
    readFileSync(join(folder, 'word-changes.out.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))

  it('emits only the words that changed in the second epoch, as net changes', async () => {
    await rowsOf(program, { incremental: true })
    const lines = written()
    const epoch = (number: number): string[] =>
      lines
        .filter((line) => line._epoch === number)
        .map(({ word, n, _op }) => `${_op}${word} ${n}`)
        .sort()
    expect(epoch(0)).toEqual(['+be 2', '+not 1', '+or 1', '+to 2'])
    expect(epoch(1)).toEqual(['+be 1', '+question 1', '-be 2', '-not 1'])
    expect(lines).toHaveLength(8)
  })

  it('comes to the counts of a plain run', async () => {
    await rowsOf(program, { incremental: true })
    const net = afterAllEpochs(written(), ({ word, n }) => JSON.stringify([word, n]))
    const plain = await rowsOf("from changes('examples/word-changes/words.jsonl') |> aggregate count(*) as n group by word")
    expect([...net.keys()].sort()).toEqual(inOrder(plain.rows))
    expect([...net.values()].every((count) => count === 1)).toBe(true)
    await rowsOf(program)
    const once = afterAllEpochs(written(), ({ word, n }) => JSON.stringify([word, n]))
    expect([...once.keys()].sort()).toEqual(inOrder(plain.rows))
  })
})
