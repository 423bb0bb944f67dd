import pc from 'picocolors'
import { formatBytes } from '../base/format-bytes.ts'
import type { ProgressState, StageProgress } from './progress-state.ts'

/** What the block shows that no event tells. */
export interface ProgressFrame {
  nowMs: number
  memoryBytes: number
  /** All input files together; 0 where that is not known. */
  inputBytes: number
  columns: number
  rows: number
}

const barWidth = 20
/** Below this width there is no place for a bar. */
const barColumns = 60

/** The block as it is now: a line a stage, as many as there is room for, and one about the run. No line fills the width, so that none is wrapped. */
export function progressLines(state: ProgressState, frame: ProgressFrame): string[] {
  const most = Math.max(1, Math.min(frame.rows - 2, 12))
  const stages = [...state.stages.values()]
  const shown = stages.length <= most ? stages : mostWanted(stages, most - 1)
  const hidden = stages.length - shown.length
  return [
    ...shown.map((stage) => stageLine(stage, frame)),
    ...(hidden > 0 ? [cut(`and ${hidden} more stages`, frame.columns)] : []),
    cut(runText(state, frame), frame.columns),
  ]
}

/** Those that run, then those that come next, then those that are done; in the order of their numbers. */
function mostWanted(stages: readonly StageProgress[], count: number): StageProgress[] {
  const rank = ({ startedMs, endedMs }: StageProgress): number => (endedMs !== undefined ? 2 : startedMs === undefined ? 1 : 0)
  return stages
    .toSorted((a, b) => rank(a) - rank(b) || a.id - b.id)
    .slice(0, count)
    .sort((a, b) => a.id - b.id)
}

function stageLine(stage: StageProgress, frame: ProgressFrame): string {
  const { id, does, tasks, done } = stage
  const count = `${String(done).padStart(String(tasks).length)}/${tasks}`
  const name = `stage ${id} ${does}`
  const figures = stageFigures(stage, frame.nowMs)
  if (frame.columns < barColumns) return cut(`${name} ${count}${figures === '' ? '' : ` ${figures}`}`, frame.columns)
  const filled = Math.round((done / Math.max(1, tasks)) * barWidth)
  const nameWidth = Math.min(34, frame.columns - barWidth - 24)
  const bar = pc.green('━'.repeat(filled)) + pc.dim('─'.repeat(barWidth - filled))
  // Colours have no width.
  const start = cut(name, nameWidth + 1).padEnd(nameWidth)
  return `${start} ${bar} ${cut(`${count}  ${figures}`.trimEnd(), frame.columns - nameWidth - barWidth - 2)}`
}

function stageFigures({ rows, startedMs, endedMs }: StageProgress, nowMs: number): string {
  if (startedMs === undefined || rows === 0) return ''
  const seconds = ((endedMs ?? nowMs) - startedMs) / 1000
  return `${shortCount(rows)} rows${seconds > 0.05 ? `, ${shortCount(rows / seconds)}/s` : ''}`
}

function runText(state: ProgressState, { nowMs, memoryBytes, inputBytes }: ProgressFrame): string {
  const { stages, workers, retries, backups, spilledBytes } = state
  const read = [...stages.values()].reduce((sum, stage) => sum + stage.bytes, 0)
  return [
    `${(nowMs / 1000).toFixed(1)} s`,
    ...(inputBytes > 0 ? [`${formatBytes(Math.min(read, inputBytes))} of ${formatBytes(inputBytes)} read`] : []),
    ...(workers > 1 ? [`${workers} workers`] : []),
    ...(spilledBytes > 0 ? [`${formatBytes(spilledBytes)} spilled`] : []),
    ...(retries > 0 ? [`${retries} ${retries === 1 ? 'retry' : 'retries'}`] : []),
    ...(backups > 0 ? [`${backups} ${backups === 1 ? 'backup' : 'backups'}`] : []),
    `${formatBytes(memoryBytes)} of memory`,
  ].join(' · ')
}

/** `812`, `12k`, `3.4M`. */
function shortCount(value: number): string {
  if (value < 1000) return String(Math.round(value))
  const [scaled, unit] = value < 999_500 ? [value / 1000, 'k'] : [value / 1e6, 'M']
  return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`
}

/** One column stays free: in the last one some terminals begin a new line. */
const cut = (text: string, columns: number): string =>
  text.length < columns ? text : `${text.slice(0, Math.max(0, columns - 2))}…`
