/**
 * Does a run keep to its memory? Input of ten times the limit through aggregates, joins and sorts, by the command line as built:
 * `node bench/memory.ts [--limits 128,256,512] [--only NAME]`.
 * The law: peak memory of the process ≤ limit + 15 % + 60 MB + an empty Node.js.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { appendResult, type Contender, interleave } from './measure.ts'

const { values } = parseArgs({ options: { limits: { type: 'string', default: '128,256,512' }, only: { type: 'string' } } })
const limits = values.limits.split(',').map(Number)
const folder = mkdtempSync(join(tmpdir(), 'millrace-memory-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const megabyte = 1e6
const filler = 'text that takes room in memory and on disk '

/** What the input is like: rows of about `rowBytes`, each key `rowsPerKey` times and far from its like, or `keys` of them. */
interface Shape {
  format: 'csv' | 'jsonl'
  rowBytes: number
  keysOf(rows: number): number
}
const many: Shape = { format: 'csv', rowBytes: 100, keysOf: (rows) => rows >> 2 }
const few: Shape = { ...many, keysOf: () => 10 }
const wide: Shape = { ...many, rowBytes: 4000 }
const jsonLines: Shape = { ...many, format: 'jsonl' }

interface Cell {
  name: string
  shape: Shape
  workers?: number
  /** In the program `IN` is the source. */
  program: string
  answer(rows: number, keys: number): string
  /** Must the file that it writes be in order? */
  sorts?: boolean
}

const aggregate = {
  program: 'from IN |> aggregate sum(n) as s, max(t) as t group by k |> aggregate count(*) as c, sum(s) as s',
  answer: (rows: number, keys: number) => `c,s\n${keys},${(BigInt(rows) * BigInt(rows - 1)) / 2n}`,
}
const joins = {
  program: 'let a = from IN\nfrom a |> join a as b on a.n = b.n |> aggregate count(*) as c, count(b.t) as t',
  answer: (rows: number) => `c,t\n${rows},${rows}`,
}
const sorts = {
  program:
    "from IN |> select t, n |> order by t |> write csv('out.csv', mode => 'overwrite')\nfrom IN |> aggregate count(*) as c",
  answer: (rows: number) => `c\n${rows}`,
  sorts: true,
}
const groups = {
  program: 'from IN |> aggregate array_agg(t) as ts group by k |> aggregate count(*) as c, sum(array_length(ts)) as n',
  answer: (rows: number, keys: number) => `c,n\n${keys},${rows}`,
}
const cells: Cell[] = [
  { name: 'aggregate', shape: many, ...aggregate },
  { name: 'join', shape: many, ...joins },
  { name: 'sort', shape: many, ...sorts },
]
/** At the first limit only. */
const more: Cell[] = [
  { name: 'aggregate, one worker', shape: many, workers: 1, ...aggregate },
  { name: 'join, one worker', shape: many, workers: 1, ...joins },
  { name: 'sort, one worker', shape: many, workers: 1, ...sorts },
  { name: 'aggregate, 10 keys', shape: few, ...aggregate },
  { name: 'aggregate, texts of 4 kB', shape: wide, ...aggregate },
  { name: 'join, texts of 4 kB', shape: wide, ...joins },
  { name: 'sort, texts of 4 kB', shape: wide, ...sorts },
  { name: 'aggregate, JSON lines', shape: jsonLines, ...aggregate },
  { name: 'join, JSON lines', shape: jsonLines, ...joins },
  { name: 'sort, JSON lines', shape: jsonLines, ...sorts },
  { name: 'arrays by key', shape: many, ...groups },
]

writeFileSync(join(folder, 'package.json'), '{}')
writeFileSync(join(folder, 'empty.mjs'), '')
const launcher = join(import.meta.dirname, '..', 'bin', 'millrace.cjs')
const empty = await peakOf({ name: 'an empty Node.js', command: [join(folder, 'empty.mjs')], kind: 'node' })

const lines: string[] = []
let made: { shape: Shape; sizeBytes: number; rows: number } | undefined
for (const limit of limits) {
  const some = [...cells, ...(limit === limits[0] ? more : [])].filter(({ name }) => name.startsWith(values.only ?? ''))
  for (const cell of some) {
    const sizeBytes = limit * 10 * megabyte
    if (made?.shape !== cell.shape || made.sizeBytes !== sizeBytes) {
      made = { shape: cell.shape, sizeBytes, rows: writeInput(join(folder, 'in'), sizeBytes, cell.shape) }
    }
    await measureCell(cell, limit, made.rows)
  }
}
appendResult('memory', `node bench/memory.ts --limits ${values.limits}`, [
  '| what | limit | input | peak memory | allowed | CPU | |',
  '|---|---:|---:|---:|---:|---:|---|',
  ...lines,
])

async function measureCell(
  { name, shape, workers, program, answer, sorts: isSorted }: Cell,
  limit: number,
  rows: number,
): Promise<void> {
  writeFileSync(join(folder, 'p.flow'), program.replaceAll('IN', `${shape.format}('in')`))
  const args = ['run', join(folder, 'p.flow'), '--cwd', folder, '--memory', `${limit}MB`, '--format', 'csv', '--quiet']
  if (workers !== undefined) args.push('--workers', String(workers))
  const contender: Contender = { name: `${name}, ${limit} MB`, command: [launcher, ...args], kind: 'node' }
  const { peak, cpuMs } = await peakOf(contender, answer(rows, shape.keysOf(rows)))
  if (isSorted === true) checkOrder(join(folder, 'out.csv'), rows)
  const allowed = limit * 1.15 + 60 + empty.peak
  const verdict = peak <= allowed ? 'kept' : `missed by ${Math.round(peak - allowed)} MB`
  const [input, seconds] = [`${limit * 10} MB`, `${(cpuMs / 1000).toFixed(1)} s`]
  lines.push(
    `| ${name} | ${limit} MB | ${input} | ${Math.round(peak)} MB | ${Math.round(allowed)} MB | ${seconds} | ${verdict} |`,
  )
  console.log(lines.at(-1))
}

/** Peak of one run, in MB, and its CPU. */
async function peakOf(contender: Contender, answer = ''): Promise<{ peak: number; cpuMs: number }> {
  let printed = ''
  const told: Contender = {
    ...contender,
    answer(output) {
      printed = output
      return ''
    },
  }
  const [row] = await interleave([told], 1)
  if (printed.trim() !== answer) throw new Error(`${contender.name} printed ${printed.slice(0, 200)}, expected ${answer}`)
  return { peak: (row.peakBytes ?? 0) / megabyte, cpuMs: row.cpuMs }
}

function writeInput(path: string, sizeBytes: number, { format, rowBytes, keysOf }: Shape): number {
  const rows = Math.floor(sizeBytes / rowBytes)
  const keys = keysOf(rows)
  const text = filler.repeat(Math.ceil(rowBytes / filler.length)).slice(0, rowBytes - 30)
  const file = openSync(path, 'w')
  if (format === 'csv') writeSync(file, 'k,n,t\n')
  for (let at = 0; at < rows; ) {
    let some = ''
    for (const end = Math.min(rows, at + 2000); at < end; at++) {
      const [key, order] = [(at * 7919) % keys, (Math.imul(at, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')]
      some += format === 'csv' ? `${key},${at},${order} ${text}\n` : `{"k":${key},"n":${at},"t":"${order} ${text}"}\n`
    }
    writeSync(file, some)
  }
  closeSync(file)
  return rows
}

/** Every text begins with eight digits that no other one has: each line must be greater than the one before. */
function checkOrder(path: string, rows: number): void {
  const file = openSync(path, 'r')
  const bytes = Buffer.alloc(2 ** 20)
  let [kept, count, sum, before] = [0, 0, 0n, '']
  for (let isHeader = true; ; ) {
    const filled = kept + readSync(file, bytes, kept, bytes.length - kept, null)
    if (filled === kept) break
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0 && end < filled; end = bytes.indexOf(10, start)) {
      const text = bytes.toString('latin1', start, start + 8)
      if (!isHeader) {
        if (text <= before) throw new Error(`row ${count} of the sorted file is out of order`)
        before = text
        count++
        sum += BigInt(bytes.toString('latin1', bytes.lastIndexOf(44, end) + 1, end))
      }
      isHeader = false
      start = end + 1
    }
    bytes.copyWithin(0, start, filled)
    kept = filled - start
  }
  closeSync(file)
  if (count !== rows || sum !== (BigInt(rows) * BigInt(rows - 1)) / 2n) throw new Error(`the sorted file has ${count} rows`)
}
