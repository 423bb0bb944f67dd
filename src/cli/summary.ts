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

const countRows = (rows: number): string => `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}`
