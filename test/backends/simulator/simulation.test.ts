import { beforeAll, describe, expect, it } from 'vitest'
import type { PhysicalPlan } from '../../../src/ir/physical.ts'
import { planOf, sortPlan, sortText, type TrialOptions, trial } from './sort-plan.ts'

const sizeBytes = 10e9
let plan: PhysicalPlan
beforeAll(async () => {
  plan = await sortPlan(sizeBytes, 40)
})

const run = (options: TrialOptions = {}) => trial(plan, options)

describe('a simulated run', () => {
  it('is the same for the same seed, and another one for others', { timeout: 60_000 }, () => {
    const trouble: TrialOptions = {
      cluster: { slowShare: 0.1 },
      faults: [
        { fault: 'kill', count: 2, atMs: 20_000 },
        { fault: 'crash', count: 1, atMs: 40_000, downMs: 30_000 },
      ],
      badMessages: 0.02,
    }
    const hashes = Array.from({ length: 50 }, (_, seed) => run({ ...trouble, seed }).hash)
    expect(Array.from({ length: 50 }, (_, seed) => run({ ...trouble, seed }).hash)).toEqual(hashes)
    expect(new Set(hashes).size).toBe(50)
  })

  it('reads, moves and writes what the plan says, stage after stage', () => {
    const { error, stages, reads, shuffledBytes, writtenBytes, totalMs, counts } = run()
    expect(error).toBeUndefined()
    expect(reads.local + reads.rack + reads.remote).toBeCloseTo(sizeBytes, -1)
    expect(shuffledBytes / sizeBytes).toBeCloseTo(1, 6)
    expect(writtenBytes / sizeBytes).toBeCloseTo(1, 6)
    const [maps, reduces] = stages
    expect(maps.startMs).toBeGreaterThan(1000)
    expect(maps.doneMs).toBeLessThan(reduces.startMs as number)
    expect(reduces.startMs).toBeLessThan(reduces.receivedMs as number)
    expect(reduces.receivedMs).toBeLessThan(reduces.doneMs as number)
    expect(reduces.doneMs).toBeLessThan(totalMs)
    expect(maps.doneTimes).toHaveLength(plan.stages[0].tasks)
    expect(counts).toMatchObject({ retries: 0, remade: 0 })
  })

  it('takes as long as its slowest resource at least', () => {
    const flat = {
      machineSpread: 0,
      taskSpread: 0,
      cpuMBps: { scan: 1e6, segment: 1e6, aggregate: 1e6, sort: 1e6, group: 1e6, send: 1e6 },
    }
    const [maps] = run({ cluster: flat }).stages
    // Each byte is read and written once, by one stream a machine, at 30 MB a second.
    const leastMs = (2 * sizeBytes) / (20 * 30_000)
    const tookMs = (maps.doneMs as number) - (maps.startMs as number)
    expect(tookMs / leastMs).toBeGreaterThan(1)
    expect(tookMs / leastMs).toBeLessThan(1.25)
    // A root switch of a gigabit lets 125 MB a second pass; of two racks, half of the shuffle goes through it.
    const slow = run({ cluster: { ...flat, racks: 2, rootGbps: 1, rackGbps: 1 } })
    const [, reduces] = slow.stages
    expect((reduces.receivedMs as number) - (reduces.startMs as number)).toBeGreaterThan(sizeBytes / 2 / 125_000 / 2)
    expect(Math.max(...slow.rates.perSecond('root', slow.totalMs))).toBeLessThanOrEqual(125e6 * 1.0001)
  })

  it('reads nearly everything from own disks where the coordinator knows where it lies', () => {
    const share = ({ reads }: ReturnType<typeof run>): number => reads.local / (reads.local + reads.rack + reads.remote)
    expect(share(run())).toBeGreaterThan(0.9)
    expect(share(run({ locality: false }))).toBeLessThan(0.4)
  })

  it('sends less where producers combine their rows first', async () => {
    const text = "set parallelism = 40 from text('lines.txt') |> aggregate count(*) as n group by line"
    const cluster = { racks: 2 }
    const combined = trial(await planOf(text, sizeBytes), { cluster })
    const plain = trial(await planOf(text, sizeBytes, { disabledRules: ['lift-combiner'] }), { cluster })
    expect(combined.shuffledBytes).toBeLessThan(plain.shuffledBytes / 5)
    expect(combined.rootBytes).toBeLessThan(plain.rootBytes)
  })
})

describe('what goes wrong', () => {
  it('costs the work of the killed workers, outputs included', () => {
    const calm = run()
    const [maps, reduces] = calm.stages
    const duringReduces = ((reduces.startMs as number) + (reduces.receivedMs as number)) / 2
    const hit = run({ faults: [{ fault: 'kill', count: 3, atMs: duringReduces }] })
    expect(hit.error).toBeUndefined()
    expect(hit.counts.retries).toBeGreaterThanOrEqual(3)
    expect(hit.counts.remade).toBeGreaterThan(maps.stage.tasks / 20)
    expect(hit.totalMs).toBeGreaterThan(calm.totalMs)
    expect(hit.writtenBytes).toBeGreaterThanOrEqual(sizeBytes)
    expect(hit.stages[1].doneTimes).toHaveLength(40)
  })

  it('makes no output again that nobody needs any more', async () => {
    const search = "from text('small.txt') |> where line like '%x%' |> write text('found.txt')"
    const sizes = new Map([
      ['small.txt', 1e9],
      ['lines.txt', sizeBytes],
    ])
    const both = await planOf(`${search} ${sortText(40).replace(/^.*/, '')}`, sizes)
    const scan = both.stages.find(({ tasks }) => tasks === 15)?.id
    const outputs = new Map([[scan as number, 1e6]])
    const calm = trial(both, { outputs })
    const found = calm.stages.find(({ stage }) => stage.nodes.some((node) => node.operator === 'sink' && node.spec.sink === 0))
    const atMs = calm.totalMs / 4
    expect(found?.doneMs).toBeLessThan(atMs)
    const hit = trial(both, { outputs, faults: [{ fault: 'kill', count: 5, atMs }], keepLines: 100_000 })
    const after = hit.lines.slice(hit.lines.findIndex((line) => line.includes('kill worker')))
    expect(hit.counts.remade).toBeGreaterThan(0)
    expect(after.filter((line) => line.includes(` start ${scan}/`))).toEqual([])
  })

  it('is noticed by silence when a machine stops', () => {
    const hit = run({ faults: [{ fault: 'crash', count: 2, atMs: 15_000, downMs: 60_000 }], keepLines: 100_000 })
    expect(hit.error).toBeUndefined()
    const crash = hit.lines.find((line) => line.includes('crash worker')) as string
    const worker = /worker (\d+)/.exec(crash)?.[1]
    const kill = hit.lines.find((line) => line.endsWith(`kill worker ${worker}`)) as string
    expect(Number.parseFloat(kill) - Number.parseFloat(crash)).toBeGreaterThan(50_000)
    expect(hit.stages[1].doneTimes).toHaveLength(40)
  })

  it('is a source that cannot be read when all copies of a block are down', () => {
    const { error } = run({ cluster: { inputCopies: 1 }, faults: [{ fault: 'crash', count: 15, atMs: 6000, downMs: 1e7 }] })
    expect(error?.code).toBe('SOURCE_UNREADABLE')
  })

  it('with messages does no harm', () => {
    for (let seed = 0; seed < 10; seed++) {
      const hit = run({ seed, badMessages: 0.2 })
      expect(hit.error).toBeUndefined()
      expect(hit.messages.bad).toBeGreaterThan(hit.messages.sent / 10)
      expect(hit.stages[1].doneTimes).toHaveLength(40)
    }
  })

  it('with slow machines is made up for by backups', () => {
    const slow = { slowShare: 0.05, slowDiskMBps: 0.1 }
    const seeds = [1, 2, 3, 4, 5]
    const totals = (backups: boolean) => seeds.map((seed) => run({ seed, backups, cluster: slow }).totalMs)
    const ratios = totals(true).map((total, i) => total / totals(false)[i])
    expect(Math.max(...ratios)).toBeLessThan(0.8)
  })
})
