import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Stage } from '../../../src/ir/physical.ts'
import { StageTable } from '../../../src/runtime/metrics/stage-table.ts'
import { newOperatorMetrics, type OperatorMetrics } from '../../../src/runtime/operator.ts'
import type { TaskReport } from '../../../src/runtime/orders.ts'
import { node, pairFields, scan } from '../plans.ts'

/** A source whose rows go through segments to as many exchanges. */
function stageOf(tasks: number, outputs: number): Stage {
  const sends = Array.from({ length: outputs }, (_, exchange) =>
    node(exchange + 1, [0], pairFields, { operator: 'send', spec: { exchange } }),
  )
  return { id: 7, tasks, nodes: [scan(0, { tasks }), ...sends], inputs: [], outputs: [], placement: 'worker' }
}

const life = { attempt: 1, worker: 0, startedMs: 1, endedMs: 2 }

function reportOf(nodes: readonly (Partial<OperatorMetrics> & { node: number })[], more: Partial<TaskReport> = {}): TaskReport {
  return {
    outputs: [],
    parts: [],
    nodes: nodes.map((one) => ({ ...newOperatorMetrics(), ...one })),
    rowsRead: 0,
    bytesRead: 0,
    rowsReceived: 0,
    cpuMs: 0,
    peakMemoryBytes: 0,
    ...more,
  }
}

const tasks = 5
const figures = fc.record({
  task: fc.nat(tasks - 1),
  rows: fc.nat(1e9),
  bytesOut: fc.nat(1e9),
  busyMs: fc.nat(1e4),
  cpuMs: fc.nat(1e4),
  peakMemoryBytes: fc.nat(1e9),
  spilledBytes: fc.nat(1e9),
})

describe('the figures of a stage', () => {
  it('are those of the last report of each task, in any order, and time and spills of all reports', () => {
    fc.assert(
      fc.property(fc.array(figures, { maxLength: 20 }), (reports) => {
        const table = new StageTable(stageOf(tasks, 1))
        const last = new Map(reports.map((one) => [one.task, one]))
        for (const { task, rows, cpuMs, ...more } of reports) {
          const nodes = [
            { node: 0, rowsOut: rows, ...more },
            { node: 1, rowsIn: rows },
          ]
          table.accept(task, reportOf(nodes, { cpuMs }), life)
        }
        const rows = [...last.values()].map((one) => one.rows).sort((a, b) => a - b)
        const stage = table.stageMetrics()
        const [scanned, sent] = table.nodeMetrics()
        const sumOf = (list: Iterable<number>): number => [...list].reduce((sum, one) => sum + one, 0)
        expect(table.doneTasks).toBe(last.size)
        expect(table.rowsTaken).toBe(sumOf(rows))
        expect(stage.rows).toEqual(scanned.rows)
        expect(scanned.rows).toEqual(sent.rows)
        expect([scanned.rowsOut, sent.rowsIn]).toEqual([sumOf(rows), sumOf(rows)])
        expect(scanned.bytesOut).toBe(sumOf([...last.values()].map((one) => one.bytesOut)))
        expect(stage.cpuMs).toBe(sumOf([...last.values()].map((one) => one.cpuMs)))
        expect(scanned.busyMs).toBe(sumOf(reports.map((one) => one.busyMs)))
        expect(scanned.spilledBytes).toBe(sumOf(reports.map((one) => one.spilledBytes)))
        expect(scanned.peakMemoryBytes).toBe(Math.max(0, ...reports.map((one) => one.peakMemoryBytes)))
        expect(stage.each().map(({ task, rows: own }) => [task, own])).toEqual(
          [...last.values()].sort((a, b) => a.task - b.task).map((one) => [one.task, one.rows]),
        )
        if (rows.length === 0) {
          expect(stage.rows).toMatchObject({ sum: 0, min: 0, median: 0, max: 0, skew: 1 })
          return
        }
        const { min, median, max, skew, largest } = stage.rows
        expect([min, max]).toEqual([rows[0], rows[rows.length - 1]])
        expect(rows.filter((one) => one < median).length).toBeLessThanOrEqual(rows.length / 2)
        expect(rows.filter((one) => one > median).length).toBeLessThanOrEqual(rows.length / 2)
        expect(skew).toBe(max === 0 ? 1 : max / Math.max(1, median))
        expect(last.get(largest)?.rows).toBe(max)
      }),
    )
  })

  it('take at most 2 kB a task, also with some sixty operators', () => {
    const tasks = 1000
    const table = new StageTable(stageOf(tasks, 63))
    expect(table.sizeBytes / tasks).toBeLessThanOrEqual(2000)
  })
})
