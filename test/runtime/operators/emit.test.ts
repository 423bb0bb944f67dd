import { expect, it } from 'vitest'
import { batchFromRows } from '../../../src/data/read.ts'
import { emitAll } from '../../../src/runtime/operators/emit.ts'
import { pairFields } from '../plans.ts'

it('lets other work of the thread have its turn between batches', async () => {
  const seen: string[] = []
  const ctx = {
    signal: new AbortController().signal,
    emit: () => void seen.push('batch'),
    pause: () => Promise.resolve().then(() => void seen.push('others')),
  }
  await emitAll(
    ctx,
    [1, 2].map((n) => batchFromRows(pairFields, [[n, n]])),
  )
  expect(seen).toEqual(['batch', 'others', 'batch', 'others'])
})

it('stops between batches when the run is cancelled meanwhile', async () => {
  const controller = new AbortController()
  let batches = 0
  const ctx = {
    signal: controller.signal,
    emit: () => void batches++,
    pause: () => Promise.resolve().then(() => controller.abort()),
  }
  const all = [1, 2].map((n) => batchFromRows(pairFields, [[n, n]]))
  await expect(emitAll(ctx, all)).rejects.toThrow()
  expect(batches).toBe(1)
})
