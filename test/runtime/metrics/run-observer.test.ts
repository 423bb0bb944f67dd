import { expect, it } from 'vitest'
import { inlineBackend } from '../../../src/backends/inline/index.ts'
import { nodeHost } from '../../../src/base/node-host.ts'
import type { RunNotice } from '../../../src/runtime/metrics/notices.ts'
import { RunObserver } from '../../../src/runtime/metrics/run-observer.ts'
import { requestFor, sumPlan } from '../plans.ts'

it('tells each attempt from its start to its end, and stages around their tasks', async () => {
  const notices: RunNotice[] = []
  await inlineBackend.run({ ...requestFor(sumPlan('serial', { tasks: 3 })), onNotice: (notice) => notices.push(notice) })
  const open = new Set<string>()
  const stages = new Set<number>()
  for (const notice of notices) {
    if (notice.event === 'stageStarted') stages.add(notice.stage)
    if (notice.event === 'stageEnded') stages.delete(notice.stage)
    if (notice.event !== 'taskStarted' && notice.event !== 'taskEnded') continue
    const name = `${notice.stage}/${notice.task}/${notice.attempt}`
    expect(stages).toContain(notice.stage)
    expect(open.has(name)).toBe(notice.event === 'taskEnded')
    if (notice.event === 'taskStarted') open.add(name)
    else open.delete(name)
  }
  expect([open.size, stages.size]).toEqual([0, 0])
  expect(notices.map(({ atMs }) => atMs)).toEqual(notices.map(({ atMs }) => atMs).toSorted((a, b) => a - b))
})

it('fails the run when the function that is told of events throws', async () => {
  const onNotice = (): void => {
    throw new Error('no room to write')
  }
  await expect(inlineBackend.run({ ...requestFor(sumPlan('pipelined')), onNotice })).rejects.toMatchObject({
    code: 'RUN_FUNCTION_FAILED',
    message: "onNotice threw 'no room to write'",
  })
})

it('accounts for the time of the tasks and for their memory', async () => {
  const { metrics } = await inlineBackend.run(requestFor(sumPlan('pipelined', { tasks: 3, partitions: 2 })))
  const busyMs = metrics.stages.reduce((sum, stage) => sum + stage.busyMs, 0)
  expect(busyMs).toBeGreaterThan(0)
  expect(busyMs).toBeLessThanOrEqual(metrics.wallMs)
  expect(metrics.nodes.reduce((sum, node) => sum + node.busyMs, 0)).toBeCloseTo(busyMs, 6)
  for (const stage of metrics.stages) {
    const tasks = stage.each()
    expect(tasks).toHaveLength(stage.tasks)
    for (const task of tasks) expect(task.endedMs).toBeGreaterThanOrEqual(task.startedMs)
    expect(tasks.reduce((sum, task) => sum + task.cpuMs, 0)).toBeCloseTo(stage.cpuMs, 6)
  }
})

it('tells of workers that go on from an earlier process', () => {
  const notices: RunNotice[] = []
  const { plan } = requestFor(sumPlan('serial'))
  const observer = new RunObserver(plan, nodeHost().clock, new Map(), (notice) => notices.push(notice))
  observer.saw(
    {
      event: 'start',
      adopted: [
        { worker: 1, orders: [] },
        { worker: 4, orders: [] },
      ],
    },
    [],
  )
  expect(notices).toMatchObject([
    { event: 'workerStarted', worker: 1 },
    { event: 'workerStarted', worker: 4 },
  ])
})
