import { resolve } from 'node:path'
import { MillraceError, sinkError } from '../base/errors.ts'
import type { DiskFile } from '../base/host.ts'
import { describeExchange, describeTasks } from '../planner/explain/stage-text.ts'
import type { RunNotice } from '../runtime/metrics/notices.ts'
import type { RunMetrics } from '../runtime/metrics.ts'
import { programPath } from './past-runs/keep.ts'
import { givenNames, redactionOf } from './past-runs/redact.ts'
import type { Prepared } from './prepare.ts'

/** A file that is told what happens in a run: a line of JSON an event, by `docs/events.schema.json`. */
export interface EventLog {
  notice(notice: RunNotice): void
  succeeded(metrics: RunMetrics, rowsOut: number): void
  failed(error: MillraceError, metrics: RunMetrics | undefined): void
  close(): void
}

/**
 * Opens the log of a run and writes how it begins. Lines are added to what the file holds; each one names its run. There are no values of parameters, no rows and
 * no messages in it.
 *
 * @throws MillraceError `SINK_UNWRITABLE`, `RESOURCE_DISK_FULL`, also of later lines.
 */
export function openEventLog(path: string, prepared: Prepared, id: string): EventLog {
  const { host, program, planned, choice, memoryBytes, cwd } = prepared
  const file = writing(path, () => openFile(prepared, resolve(path)))
  const startMs = host.clock.nowMs()
  const encoder = new TextEncoder()
  let isBroken = false
  const write = (event: object): void => {
    // It is what ends the run; there is nobody left to tell of that.
    if (isBroken) return
    isBroken = true
    writing(path, () => file.write(encoder.encode(`${JSON.stringify({ run: id, ...event })}\n`)))
    isBroken = false
  }
  write({
    atMs: 0,
    event: 'runStarted',
    version: 1,
    time: new Date(host.clock.wallTimeUs() / 1000).toISOString(),
    program: programPath(program, cwd),
    params: givenNames(program),
    backend: choice.backend,
    mode: planned.physical.mode,
    workers: choice.workers,
    memoryBytes,
  })
  write({ atMs: 0, event: 'plan', ...planOf(prepared) })
  const end = (how: object, metrics: RunMetrics | undefined): void =>
    write({ atMs: host.clock.nowMs() - startMs, event: 'runEnded', ...how, ...(metrics && totalsOf(metrics)) })
  return {
    notice: write,
    succeeded: (metrics, rowsOut) => end({ status: 'succeeded', rowsOut }, metrics),
    failed: ({ code }, metrics) => end({ status: code === 'RUN_CANCELLED' ? 'stopped' : 'failed', code }, metrics),
    close: () => file.close(),
  }
}

function openFile({ host: { disk } }: Prepared, path: string): DiskFile {
  return disk.stat(path) === undefined ? disk.create(path) : disk.append(path)
}

function writing<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause
    throw sinkError('SINK_UNWRITABLE', `cannot write events to '${path}': ${(cause as Error).message}`, { cause })
  }
}

function planOf({ program, planned: { physical } }: Prepared): object {
  const words = redactionOf(program)
  return {
    stages: physical.stages.map((stage) => ({
      stage: stage.id,
      runs: describeTasks(stage, physical),
      operators: stage.nodes.map((node) => ({ node: node.id, operator: node.operator, does: words.operator(node, stage) })),
    })),
    exchanges: physical.exchanges.map((exchange) => ({
      exchange: exchange.id,
      from: exchange.from,
      to: exchange.to,
      mode: exchange.mode,
      does: describeExchange(exchange),
    })),
  }
}

const totalsOf = ({ cpuMs, rowsRead, bytesRead, failedRows, spilledBytes, tasks, retries, backups }: RunMetrics): object => ({
  cpuMs,
  rowsRead,
  bytesRead,
  rowsFailed: failedRows.reduce((sum, { rows }) => sum + rows, 0),
  spilledBytes,
  tasks,
  retries,
  backups,
})
