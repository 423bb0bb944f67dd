import { join } from 'node:path'
import type { BenchOptions } from '../main.ts'
import { type Contender, interleave, report } from '../measure.ts'
import { orders } from '../orders.ts'

const here = import.meta.dirname

/** Reads a file of orders: millrace into typed columns, beside JSON.parse on each line. */
export async function jsonlBench({ mb, rounds }: BenchOptions): Promise<void> {
  const input = orders('jsonl', mb)
  const node = (name: string, ...command: string[]): Contender => ({ name, kind: 'node', command, answer: (out) => out.trim() })
  const contenders = [
    node('millrace, all columns', join(here, '../read-source.ts'), 'jsonl', input),
    node('millrace, 2 of 8 columns', join(here, '../read-source.ts'), 'jsonl', input, 'price,status'),
    node('JSON.parse a line', join(here, 'json-parse.mjs'), input),
  ]
  const rows = await interleave(contenders, rounds)
  report(`reading JSON lines, ${mb} MB`, `npm run bench -- jsonl --mb ${mb} --rounds ${rounds}`, rows, 'millrace, all columns')
}
