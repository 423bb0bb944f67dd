import { formatMs } from '../analysis/figures.ts'
import type { PastRun, RunStatus } from './past-run.ts'
import { statusOf } from './store.ts'

/** One line of `millrace runs`. */
export interface ListedRun extends Pick<PastRun, 'id' | 'program' | 'started' | 'durationMs' | 'code' | 'rowsRead' | 'rowsOut'> {
  status: RunStatus
}

export function listedRun(run: PastRun): ListedRun {
  const { id, program, started, durationMs, code, rowsRead, rowsOut } = run
  return { id, program, started, durationMs, status: statusOf(run), code, rowsRead, rowsOut }
}

/** A table of runs in lines; numbers are aligned right. */
export function runLines(runs: readonly ListedRun[]): string[] {
  const rows = runs.map((run) => [
    run.id,
    run.program,
    shownTime(run.started),
    run.durationMs === null ? '' : formatMs(run.durationMs),
    statusText(run),
    rowsText(run.rowsRead),
    rowsText(run.rowsOut),
  ])
  return alignedLines([['run', 'program', 'started', 'duration', 'status', 'read', 'out'], ...rows], [3, 5, 6])
}

/** `2026-11-24 18:30:05Z`. */
export const shownTime = (iso: string): string => iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z')

/** `failed, RUN_OVERFLOW`. */
export const statusText = ({ status, code }: Pick<ListedRun, 'status' | 'code'>): string =>
  status === 'failed' && code !== null ? `${status}, ${code}` : status

const rowsText = (rows: number | null): string => (rows === null ? '' : rows.toLocaleString('en-US'))

/** Cells in columns of the width of their widest one. */
export function alignedLines(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  return rows.map((row) =>
    row
      .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd(),
  )
}
