import type { Prepared } from '../run/prepare.ts'
import { progressLines } from './progress-lines.ts'
import { follow, newProgress, type RunNotice } from './progress-state.ts'

/** A block on the terminal that says how far the run is. */
export interface LiveBlock {
  notice(notice: RunNotice): void
  /** Leaves the terminal as it was. */
  end(): void
}

const redrawMs = 100
/** Whoever ends before has nothing to tell. */
const firstDrawMs = 300

/** Shows progress on a terminal; elsewhere there is none, so that logs stay clean. */
export function startProgress(prepared: Prepared): LiveBlock | undefined {
  const { stderr } = process
  if (!stderr.isTTY || process.env.TERM === 'dumb') return undefined
  const { planned, host } = prepared
  const inputBytes = planned.optimised.nodes.reduce(
    (sum, node) => (node.op === 'source' ? sum + (node.described.sizeBytes ?? 0) : sum),
    0,
  )
  const state = newProgress(prepared)
  const startMs = host.clock.nowMs()
  /** Widths of the lines that stand there. */
  let drawn: number[] = []

  const timer = setInterval(draw, redrawMs)
  timer.unref()
  // A second Ctrl-C ends the process at once.
  process.on('exit', erase)
  return {
    notice: (notice) => follow(state, notice),
    end() {
      clearInterval(timer)
      process.off('exit', erase)
      erase()
    },
  }

  function draw(): void {
    const nowMs = host.clock.nowMs() - startMs
    if (nowMs < firstDrawMs) return
    const { columns, rows } = sizeOfTerminal()
    const lines = progressLines(state, { nowMs, memoryBytes: process.memoryUsage.rss(), inputBytes, columns, rows })
    stderr.write(`${up()}${lines.join('\n')}\n`)
    drawn = lines.map(widthOf)
  }

  function erase(): void {
    if (drawn.length > 0) stderr.write(up())
    drawn = []
  }

  /** To the start of the block, which is cleared. A terminal that became narrower has wrapped its lines. */
  function up(): string {
    const { columns } = sizeOfTerminal()
    const height = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    return height === 0 ? '' : `\x1b[${height}A\r\x1b[J`
  }
}

/** Some say 0 of both. */
const sizeOfTerminal = ({ columns, rows } = process.stderr): { columns: number; rows: number } => ({
  columns: columns || 80,
  rows: rows || 24,
})

const colours = /\x1b\[\d+m/g
const widthOf = (line: string): number => line.replace(colours, '').length
