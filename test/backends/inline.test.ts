import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inlineBackend } from '../../src/backends/inline/index.ts'
import { resultToRows } from '../../src/runtime/results.ts'
import { expectedSums, requestFor, sortedRows, sumPlan } from '../runtime/plans.ts'

describe('inline backend', () => {
  it.each(['serial', 'pipelined'] as const)('runs a keyed aggregate in %s mode and leaves nothing behind', async (mode) => {
    const request = requestFor(sumPlan(mode))
    const result = await inlineBackend.run(request)
    expect(sortedRows(resultToRows(result.outputs[0]))).toEqual(expectedSums())
    expect(result.metrics).toMatchObject({ rowsRead: 400, tasks: 8, retries: 0 })
    result.close()
    expect(existsSync(request.run.directory)).toBe(false)
  })

  it('gives the same rows in the same order in both modes', async () => {
    const rows = await Promise.all(
      (['serial', 'pipelined'] as const).map(async (mode) =>
        resultToRows((await inlineBackend.run(requestFor(sumPlan(mode)))).outputs[0]),
      ),
    )
    expect(rows[0]).toEqual(rows[1])
  })
})
