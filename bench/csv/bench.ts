import { join } from 'node:path'
import type { BenchOptions } from '../main.ts'
import { type Contender, interleave, report } from '../measure.ts'
import { orders } from '../orders.ts'

const here = import.meta.dirname

/** Reads a file of orders: millrace into typed columns, csv-parse into arrays of texts, which is the least that it can be asked for. */
export async function csvBench({ mb, rounds }: BenchOptions): Promise<void> {
  const input = orders('csv', mb)
  const node = (name: string, ...command: string[]): Contender => ({ name, kind: 'node', command, answer: (out) => out.trim() })
  const contenders = [
    node('millrace, all columns', join(here, '../read-source.ts'), 'csv', input),
    node('millrace, 2 of 8 columns', join(here, '../read-source.ts'), 'csv', input, 'price,status'),
    node('csv-parse, stream', join(here, 'csv-parse.mjs'), input),
  ]
  const rows = await interleave(contenders, rounds)
  report(`reading CSV, ${mb} MB`, `npm run bench -- csv --mb ${mb} --rounds ${rounds}`, rows, 'millrace, all columns')
}
