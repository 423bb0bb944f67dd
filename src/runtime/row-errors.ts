import type { ErrorCode } from '../base/error-codes.ts'
import { dataError, type MillraceError } from '../base/errors.ts'
import type { Place } from '../base/place.ts'
import type { BatchHeader } from '../data/batch.ts'
import type { PhysicalPlan } from '../ir/physical.ts'

/** A row that failed, as its operator knows it. */
export interface FailedRow {
  code: ErrorCode
  message: string
  operator: string
  /** Label of the user function that failed. */
  fn?: string
  at?: Place
  /** The batch that it came with, and its place among the rows of the split, from 0. */
  source?: BatchHeader['source']
  row?: number
  /** What a reader knows of a bad record. */
  file?: string
  line?: number
  byteOffset?: number
  text?: string
  /** The row as JSON, and the one of several values made from it that failed: asked for where they are written. */
  values?(): string
  item?(): string
}

/** How many rows failed with a code, and what was said of the first ones. */
export interface FailedRowCount {
  code: ErrorCode
  rows: number
  examples: readonly string[]
}

export const shownExamples = 3
/** What a task reports of rows that failed. */
interface Counted {
  failedRows?: readonly FailedRowCount[]
}

const notOfRows: ReadonlySet<ErrorCode> = new Set([
  'RUN_WORKER_LOST',
  'RUN_NESTED',
  'RUN_CANCELLED',
  'RUN_BUSY',
  'RUN_CHANGED',
  'DATA_CORRUPT',
  'DATA_TOO_MANY_ERRORS',
])

/** Is the error that of one row, so that others may still be well? */
export function isRowError({ code, details }: MillraceError): boolean {
  return (code.startsWith('RUN_') || code.startsWith('DATA_')) && !notOfRows.has(code) && details.retryable !== true
}

/** The counts of all tasks together, the most frequent code first. */
function sumFailedRows(reports: Iterable<Counted>): FailedRowCount[] {
  const counts = new Map<ErrorCode, { rows: number; examples: string[] }>()
  for (const { failedRows = [] } of reports) {
    for (const { code, rows, examples } of failedRows) {
      const count = counts.get(code) ?? { rows: 0, examples: [] }
      counts.set(code, count)
      count.rows += rows
      count.examples.push(...examples.slice(0, shownExamples - count.examples.length))
    }
  }
  return mostFirst(counts)
}

/** The most frequent code first. */
export function mostFirst(counts: ReadonlyMap<ErrorCode, Omit<FailedRowCount, 'code'>>): FailedRowCount[] {
  return [...counts].map(([code, count]) => ({ code, ...count })).sort((a, b) => b.rows - a.rows || (a.code < b.code ? -1 : 1))
}

/** The rows that the tasks of a run leave out, which ends when they are more than it allows. */
export class FailedRowCounter {
  readonly #maxErrors: number
  /** By task: one that is run again counts once. */
  readonly #reports = new Map<string, Counted>()
  #rows = 0

  constructor({ onError }: PhysicalPlan, reusable: ReadonlyMap<string, { report: Counted }>) {
    this.#maxErrors = onError?.maxErrors ?? Number.POSITIVE_INFINITY
    for (const [task, { report }] of reusable) this.#take(task, report)
  }

  /** @throws {@link MillraceError} `DATA_TOO_MANY_ERRORS` */
  accept({ order, report }: { order: { stage: number; task: number }; report: Counted }): void {
    this.#take(`${order.stage}/${order.task}`, report)
    if (this.#rows > this.#maxErrors) throw tooManyErrors(this.#maxErrors, this.counts())
  }

  counts(): readonly FailedRowCount[] {
    return sumFailedRows(this.#reports.values())
  }

  #take(task: string, { failedRows }: Counted): void {
    this.#rows += countOf({ failedRows }) - countOf(this.#reports.get(task) ?? {})
    if (failedRows === undefined) this.#reports.delete(task)
    else this.#reports.set(task, { failedRows })
  }
}

const countOf = ({ failedRows = [] }: Counted): number => failedRows.reduce((sum, { rows }) => sum + rows, 0)

/** More rows failed than the run allows. */
export function tooManyErrors(maxErrors: number, counts: readonly FailedRowCount[]): MillraceError {
  const said = counts.map(({ code, rows, examples }) => `${code} ${rows} (${examples[0]})`).join(', ')
  return dataError('DATA_TOO_MANY_ERRORS', `more than ${maxErrors} ${maxErrors === 1 ? 'row' : 'rows'} failed: ${said}`, {
    hint: 'repair the data or the program, or allow more with --max-errors',
  })
}
