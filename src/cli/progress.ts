import { formatBytes } from '../base/format-bytes.ts'
import type { RunOptions } from '../run/options.ts'
import type { Prepared } from '../run/prepare.ts'

type Progress = Parameters<NonNullable<RunOptions['onProgress']>>[0]

/** A line on standard error that says how far the run is. */
export interface ProgressLine {
  update(progress: Progress): void
  end(): void
}

const redrawMs = 100

/** Shows progress on a terminal; elsewhere there is none, so that logs stay clean. */
export function startProgress({ planned, host }: Prepared): ProgressLine | undefined {
  if (!process.stderr.isTTY) return undefined
  const total = planned.optimised.nodes.reduce(
    (sum, node) => (node.op === 'source' ? sum + (node.described.sizeBytes ?? 0) : sum),
    0,
  )
  let drawnMs = 0
  let drawn = false
  return {
    update({ tasksDone, tasks, bytesRead }) {
      const nowMs = host.clock.nowMs()
      if (nowMs - drawnMs < redrawMs) return
      drawnMs = nowMs
      drawn = true
      const read = total > 0 ? `${formatBytes(bytesRead)} of ${formatBytes(total)}` : formatBytes(bytesRead)
      process.stderr.write(`\r\x1b[K${tasksDone} of ${tasks} tasks · ${read} read`)
    },
    end() {
      if (drawn) process.stderr.write('\r\x1b[K')
    },
  }
}
