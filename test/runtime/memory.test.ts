import { expect, it } from 'vitest'
import { MemoryBudget } from '../../src/runtime/memory.ts'

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
