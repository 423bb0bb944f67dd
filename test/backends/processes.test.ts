import { join } from 'node:path'
import { expect, it } from 'vitest'
import { processesBackend } from '../../src/backends/processes/index.ts'
import { resultToRows } from '../../src/runtime/results.ts'
import { expectedSums, requestFor, sortedRows, sumPlan, tempFolder } from '../runtime/plans.ts'
import { describeWorkers } from './conformance.ts'

const backend = processesBackend(new URL('./processes-worker.ts', import.meta.url))
describeWorkers('processes', backend)

it.each(['serial', 'pipelined'] as const)('ends a process that was stopped and does its work again, in %s mode', async (mode) => {
  const trouble = { stopAt: 2, ledger: join(tempFolder(), 'stops'), times: 1 }
  const result = await backend.run(requestFor(sumPlan(mode, { trouble }), { settings: { hangAfterMs: 2500 } }))
  expect(sortedRows(resultToRows(result.outputs[0]))).toEqual(expectedSums())
  expect(result.metrics.retries).toBeGreaterThanOrEqual(1)
  result.close()
})
