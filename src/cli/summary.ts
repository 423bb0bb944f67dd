import { escapeControls } from '../base/escape-controls.ts'
import { formatBytes } from '../base/format-bytes.ts'
import type { FinishedRun } from '../run/execute.ts'

/** One line about a run: `1.3 MB → 20 rows in 0.41 s · peak 96 MB · run r7f3`. */
export function summaryLine({ id, outputs, rowsWritten, metrics }: FinishedRun): string {
  const read = metrics.bytesRead > 0 ? formatBytes(metrics.bytesRead) : countRows(metrics.rowsRead)
  const shown = outputs.reduce((sum, output) => sum + output.rowCount, 0)
  const made =
    rowsWritten === 0 ? countRows(shown) : `${shown === 0 ? '' : `${countRows(shown)}, `}${countRows(rowsWritten)} written`
  const parts = [`${read} → ${made} in ${(metrics.wallMs / 1000).toFixed(2)} s`]
  parts.push(`peak ${formatBytes(process.resourceUsage().maxRSS * 1024)}`)
  if (metrics.workers > 1) parts.push(`${metrics.workers} workers`)
  if (metrics.spilledBytes > 0) parts.push(`spilled ${formatBytes(metrics.spilledBytes)}`)
  if (metrics.reusedTasks > 0) parts.push(`${metrics.reusedTasks} of ${metrics.tasks} tasks reused`)
  if (metrics.retries > 0) parts.push(`${metrics.retries} ${metrics.retries === 1 ? 'retry' : 'retries'}`)
  parts.push(`run ${id}`)
  return parts.join(' · ')
}

/** What became of rows that failed: how many by reason, and what was said of the first one. */
export function failedRowLines({ metrics: { failedRows }, deadLetters }: FinishedRun): string[] {
  if (failedRows.length === 0) return []
  const all = failedRows.reduce((sum, { rows }) => sum + rows, 0)
  const reasons = failedRows.map(
    ({ code, rows, examples }) => `${code} ${rows.toLocaleString('en-US')} (${shorten(examples[0])})`,
  )
  const where = deadLetters === undefined ? '' : `, see ${escapeControls(deadLetters)}`
  return [`${countRows(all)} skipped${where}: ${reasons.join(', ')}`]
}

const shownCharacters = 120

/** Texts of programs and data must not be able to steer the terminal. */
function shorten(text: string): string {
  const shown = escapeControls(text)
  return shown.length <= shownCharacters ? shown : `${shown.slice(0, shownCharacters)}…`
}

const countRows = (rows: number): string => `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`
