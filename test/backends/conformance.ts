import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { resultToRows } from '../../src/runtime/results.ts'
import { expectedSums, requestFor, type ScanOptions, sinkPlan, sortedRows, sumPlan, tempFolder } from '../runtime/plans.ts'

const modes = ['serial', 'pipelined'] as const

/** What is claimed of every backend with workers. */
export function describeWorkers(name: string, backend: Backend): void {
  async function runSum(mode: 'serial' | 'pipelined', options: ScanOptions = {}, workers = 2) {
    const request = requestFor(sumPlan(mode, options), { workers })
    const result = await backend.run(request)
    const rows = sortedRows(resultToRows(result.outputs[0]))
    result.close()
    expect(existsSync(request.run.directory)).toBe(false)
    return { rows, metrics: result.metrics }
  }

  describe(`${name} backend`, () => {
    it.each(modes)('gives the rows of the inline backend in %s mode', async (mode) => {
      const { rows, metrics } = await runSum(mode, { tasks: 9, rowsATask: 5000, keys: 1000, batchRows: 100 })
      expect(rows).toEqual(expectedSums({ tasks: 9, rowsATask: 5000, keys: 1000 }))
      expect(metrics).toMatchObject({ rowsRead: 45_000, tasks: 13, retries: 0, workers: 2 })
    })

    it.each(modes)('says whose its folder is before workers put files there, in %s mode', async (mode) => {
      const request = requestFor(sumPlan(mode))
      let isMarked = false
      const onProgress = (): void => {
        isMarked ||= existsSync(join(request.run.directory, 'journal.jsonl'))
      }
      const result = await backend.run({ ...request, onProgress })
      result.close()
      expect(isMarked).toBe(true)
      expect(existsSync(request.run.directory)).toBe(false)
    })

    it.each(modes)('does the work of a worker that ended again, in %s mode', async (mode) => {
      const ledger = join(tempFolder(), 'deaths')
      const { rows, metrics } = await runSum(mode, { trouble: { dieAt: 2, ledger, times: 2 } })
      expect(rows).toEqual(expectedSums())
      expect(metrics.retries).toBeGreaterThanOrEqual(2)
    })

    it.each(modes)('gives up when workers end over and over, in %s mode', async (mode) => {
      const ledger = join(tempFolder(), 'deaths')
      await expect(runSum(mode, { trouble: { dieAt: 2, ledger, times: 100 } })).rejects.toMatchObject({ code: 'RUN_WORKER_LOST' })
      expect(readFileSync(ledger, 'utf8')).toBe('xxxx')
    })

    it.each(modes)('tries a retryable error again, in %s mode', async (mode) => {
      const ledger = join(tempFolder(), 'failures')
      const { rows } = await runSum(mode, { trouble: { failAt: 1, ledger, times: 2 } })
      expect(rows).toEqual(expectedSums())
    })

    it.each(modes)('writes a sink once and leaves no staged file though a worker ended, in %s mode', async (mode) => {
      const folder = tempFolder()
      const path = join(folder, 'out.jsonl')
      const ledger = join(tempFolder(), 'deaths')
      const result = await backend.run(requestFor(sinkPlan(mode, path, { trouble: { dieAt: 3, ledger, times: 1 } })))
      result.close()
      const rows = readFileSync(path, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(sortedRows(rows)).toEqual(expectedSums())
      expect(readdirSync(folder)).toEqual(['out.jsonl'])
    })

    it.each(modes)('stops within a second when it is cancelled, though a function never returns, in %s mode', async (mode) => {
      const folder = tempFolder()
      const controller = new AbortController()
      const plan = sinkPlan(mode, join(folder, 'out.jsonl'), { trouble: { hangAt: 3 } })
      const { promise: underWay, resolve } = Promise.withResolvers<void>()
      const onProgress = () => resolve()
      const run = backend.run(requestFor(plan, { signal: controller.signal, onProgress })).catch((error) => error)
      await underWay
      const before = performance.now()
      controller.abort()
      expect(await run).toMatchObject({ code: 'RUN_CANCELLED' })
      expect(performance.now() - before).toBeLessThan(1000)
      expect(readdirSync(folder)).toEqual([])
    })
  })
}
