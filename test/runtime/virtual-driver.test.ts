import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resultToRows } from '../../src/runtime/results.ts'
import { runVirtually, type VirtualOptions } from '../../src/runtime/virtual-driver.ts'
import { expectedSums, requestFor, sinkPlan, sortedRows, sumPlan, tempFolder } from './plans.ts'

async function runOnce(options: VirtualOptions) {
  const result = await runVirtually(requestFor(sumPlan('serial'), { workers: 3 }), options)
  const rows = sortedRows(resultToRows(result.outputs[0]))
  result.close()
  return { rows, log: result.log, retries: result.metrics.retries }
}

describe('runs on imagined workers', () => {
  it('give the same log for the same seed', async () => {
    const options = { seed: 5, deaths: 2, lateEvery: 4 }
    const [first, second] = [await runOnce(options), await runOnce(options)]
    expect(first.log).toEqual(second.log)
    expect(first.log.some((line) => line.includes('dies'))).toBe(true)
  })

  it('give the right rows whatever worker dies and whatever message is late', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 0, max: 3 }), async (seed, deaths) => {
        expect((await runOnce({ seed, deaths, lateEvery: 3 })).rows).toEqual(expectedSums())
      }),
      { numRuns: 40 },
    )
  })

  it('commit a sink once', async () => {
    const folder = tempFolder()
    const path = join(folder, 'out.jsonl')
    await runVirtually(requestFor(sinkPlan('serial', path), { workers: 3 }), { seed: 1, deaths: 3, lateEvery: 2 })
    const rows = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(sortedRows(rows)).toEqual(expectedSums())
    expect(readdirSync(folder)).toEqual(['out.jsonl'])
  })
})
