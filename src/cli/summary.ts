import type { FinishedRun } from '../run/execute.ts'

/** One line about a run: `1.3 MB → 20 rows in 0.41 s · peak 96 MB · run r7f3`. */
export function summaryLine({ id, outputs, metrics }: FinishedRun): string {
  const rows = outputs.reduce((sum, output) => sum + output.rowCount, 0)
  const read = metrics.bytesRead > 0 ? formatBytes(metrics.bytesRead) : `${metrics.rowsRead.toLocaleString('en-US')} rows`
  const parts = [`${read} → ${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'} in ${(metrics.wallMs / 1000).toFixed(2)} s`]
  parts.push(`peak ${formatBytes(process.resourceUsage().maxRSS * 1024)}`)
  if (metrics.workers > 1) parts.push(`${metrics.workers} workers`)
  if (metrics.spilledBytes > 0) parts.push(`spilled ${formatBytes(metrics.spilledBytes)}`)
  if (metrics.reusedTasks > 0) parts.push(`${metrics.reusedTasks} of ${metrics.tasks} tasks reused`)
  if (metrics.retries > 0) parts.push(`${metrics.retries} ${metrics.retries === 1 ? 'retry' : 'retries'}`)
  parts.push(`run ${id}`)
  return parts.join(' · ')
}

export function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`
  return `${(bytes / 1e9).toFixed(2)} GB`
}
