import { getHeapStatistics } from 'node:v8'
import { afterEach, expect, it } from 'vitest'
import { reclaimArrays, reclaimEvery } from '../../src/base/reclaim.ts'

afterEach(() => reclaimEvery(Number.POSITIVE_INFINITY))

/** Most bytes of arrays at one time while 400 MB of them are made and dropped. */
async function mostBytes(): Promise<number> {
  const before = getHeapStatistics().external_memory
  let most = 0
  for (let i = 0; i < 1600; i++) {
    new Uint8Array(250_000).fill(i)
    reclaimArrays()
    most = Math.max(most, getHeapStatistics().external_memory - before)
    // Arrays are freed by other threads.
    if (i % 16 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return most
}

it('keeps the arrays that nobody holds few', async () => {
  reclaimEvery(4e6)
  expect(await mostBytes()).toBeLessThan(30e6)
})
