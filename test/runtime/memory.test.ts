import { expect, it } from 'vitest'
import { divideMemory, MemoryBudget, workersWithin } from '../../src/runtime/memory.ts'

const mib = 2 ** 20

it('gives one operator all there is, and takes it back', () => {
  const budget = new MemoryBudget(8 * mib)
  const account = budget.open()
  expect(account.grant(8 * mib)).toBe('ok')
  expect(account.grant(9 * mib)).toBe('spill')
  expect(budget.usedBytes).toBe(8 * mib)
  account.release()
  expect([budget.usedBytes, budget.peakBytes]).toEqual([0, 8 * mib])
})

it('makes an operator spill that holds more than its share when another one asks', () => {
  const budget = new MemoryBudget(8 * mib)
  const [early, late] = [budget.open(), budget.open()]
  early.grant(6 * mib)
  expect(late.grant(4 * mib)).toBe('spill')
  expect(early.grant(7 * mib)).toBe('spill')
  expect(early.grant(0)).toBe('ok')
  expect(late.grant(4 * mib)).toBe('ok')
})

it('makes an operator spill before it holds more text than offsets can count', () => {
  const account = new MemoryBudget(2 ** 40).open()
  expect(account.grant(2 ** 31 - 1)).toBe('ok')
  expect(account.grant(2 ** 31)).toBe('spill')
})

it('always grants enough for a few rows', () => {
  expect(new MemoryBudget(0).open().grant(1000)).toBe('ok')
})

it('takes what a worker needs for itself and what is under way between tasks out of the limit', () => {
  const channels = 16
  const { operatorBytes, credit } = divideMemory(128e6, 2, channels)
  expect(operatorBytes + credit.bytes * channels + 34e6).toBeLessThanOrEqual(64e6)
  expect(operatorBytes).toBeGreaterThan(20e6)
  expect(credit.batches).toBe(8)
})

it('leaves the usual credit and the engine’s own collections where there is plenty', () => {
  const { credit, garbageBytes } = divideMemory(16e9, 2, 16)
  expect([credit.bytes, garbageBytes]).toEqual([2 * mib, undefined])
})

it('leaves a part of any limit to rows', () => {
  expect(divideMemory(8e6, 4, 100).operatorBytes).toBeGreaterThan(300_000)
})

it('starts no more workers than the limit holds', () => {
  expect([32e6, 128e6, 512e6].map(workersWithin)).toEqual([1, 2, 8])
})

it('lets go of the array that was left for the next task when its memory is wanted', () => {
  const budget = new MemoryBudget(8 * mib)
  budget.leave(new Uint8Array(4 * mib))
  budget.open().grant(3 * mib)
  expect(budget.take()?.length).toBe(4 * mib)
  budget.leave(new Uint8Array(4 * mib))
  budget.open().grant(4 * mib)
  expect(budget.take()).toBe(undefined)
})
