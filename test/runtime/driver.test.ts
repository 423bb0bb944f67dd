import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inlineBackend } from '../../src/backends/inline/index.ts'
import type { DiskFile, Host } from '../../src/base/host.ts'
import { nodeHost } from '../../src/base/node-host.ts'
import type { Cluster, ClusterEvents } from '../../src/runtime/cluster.ts'
import { drive } from '../../src/runtime/driver.ts'
import { openRun } from '../../src/runtime/open-run.ts'
import type { TaskOrder } from '../../src/runtime/orders.ts'
import { makePlan, node, pairFields, requestFor, scan, sinkPlan, sumPlan, tempFolder } from './plans.ts'

/** A disk that refuses to write whatever holds `word`. */
function refusing(word: string): Host {
  const host = nodeHost()
  const wrap = (file: DiskFile): DiskFile => ({
    ...file,
    write(data) {
      if (Buffer.from(data).includes(word)) throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO' })
      file.write(data)
    },
  })
  const { create, append } = host.disk
  return { ...host, disk: { ...host.disk, create: (path) => wrap(create(path)), append: (path) => wrap(append(path)) } }
}

describe('a run whose journal cannot be written', () => {
  it('makes no output visible that was not announced, and can go on later', async () => {
    const cwd = tempFolder()
    const path = join(cwd, 'out.jsonl')
    const run = { id: 'r1', directory: join(cwd, 'runs', 'r1'), resume: false, recoverable: true, program: null }
    const request = requestFor(sinkPlan('serial', path), { cwd, run })
    await expect(inlineBackend.run({ ...request, host: refusing('"commit"') })).rejects.toMatchObject({
      code: 'RESOURCE_DISK_FAILED',
    })
    expect(existsSync(path)).toBe(false)
    const { metrics } = await inlineBackend.run({ ...request, run: { ...run, resume: true } })
    expect(metrics.tasks).toBe(7)
    expect(readdirSync(cwd).sort()).toEqual(['out.jsonl', 'runs'])
  })

  it('has succeeded all the same when only its end could not be noted', async () => {
    const request = requestFor(sinkPlan('serial', join(tempFolder(), 'out.jsonl')), { host: refusing('"done"') })
    await inlineBackend.run({ ...request, run: { ...request.run, recoverable: true } })
  })
})

describe('a cluster that tells of things that should not be', () => {
  const plan = sumPlan('serial', { tasks: 1, partitions: 1 })
  /** Drives a run whose workers do what `act` says with each order; `undefined` orders stand for the start of a worker. */
  const driveWith = (act: (events: ClusterEvents, worker: number, order?: TaskOrder) => void, host = nodeHost()) => {
    const request = { ...requestFor(plan, { host }), settings: { backups: false } }
    const cluster = (events: ClusterEvents): Cluster => ({
      spawn: async (worker) => act(events, worker),
      run(worker, order) {
        act(events, worker, order)
        return new Promise(() => {})
      },
      endAttempt() {},
      announce() {},
      cancel() {},
      kill() {},
      close: async () => {},
    })
    return drive(request, { ...openRun(request, {}), cluster })
  }

  it('fails as a defect when the coordinator itself throws, and does not wait for ever', async () => {
    const sign = (events: ClusterEvents, worker: number) =>
      queueMicrotask(() => events.sign(worker, { tasks: null as never, lost: [] }))
    await expect(driveWith(sign)).rejects.toMatchObject({ code: 'BUG_INVARIANT' })
  })

  it('fails when it cannot be read what a lost worker was at', async () => {
    const host = nodeHost()
    const stat = (path: string) => {
      if (path.includes('careful-')) throw Object.assign(new Error('EIO: i/o error, stat'), { code: 'EIO' })
      return host.disk.stat(path)
    }
    const end = (events: ClusterEvents, worker: number, order?: TaskOrder) =>
      order && queueMicrotask(() => events.lost(worker, 'gone'))
    await expect(driveWith(end, { ...host, disk: { ...host.disk, stat } })).rejects.toMatchObject({
      code: 'RESOURCE_DISK_FAILED',
    })
  })
})

it('fails when the function that is told of progress throws', async () => {
  const onProgress = (): void => {
    throw new Error('no room to draw')
  }
  await expect(inlineBackend.run({ ...requestFor(sumPlan('pipelined')), onProgress })).rejects.toMatchObject({
    code: 'RUN_FUNCTION_FAILED',
    message: "onProgress threw 'no room to draw'",
  })
})

it('ends an incremental run in which nobody wants more rows', async () => {
  const epochs = Array.from({ length: 15 }, (_, epoch) => epoch)
  const plan = makePlan(
    [
      {
        tasks: 2,
        nodes: [scan(0, { tasks: 2, epochs }), node(1, [0], pairFields, { operator: 'send', spec: { exchange: 0 } })],
      },
      {
        tasks: 1,
        placement: 'coordinator',
        nodes: [
          node(2, [], pairFields, { operator: 'receive', spec: { exchanges: [0], ordered: true } }),
          node(3, [2], pairFields, { operator: 'limit', spec: { count: 5, offset: 0 } }),
          node(4, [3], pairFields, { operator: 'collect', spec: { output: 0 } }),
        ],
      },
    ],
    [{ partitioning: { by: 'gather', count: 1 } }],
    'pipelined',
    { incremental: true },
  )
  const result = await inlineBackend.run(requestFor(plan))
  expect(result.outputs[0].rowCount).toBe(5)
})
