import { expect, it } from 'vitest'
import { SeededRandom } from '../../src/base/seeded-random.ts'

const draw = (random: SeededRandom, count: number): number[] => Array.from({ length: count }, () => random.next())

it('gives the same numbers for the same seed, and others for its neighbour', () => {
  expect(draw(new SeededRandom(7), 5)).toEqual(draw(new SeededRandom(7), 5))
  expect(draw(new SeededRandom(7), 5)).not.toEqual(draw(new SeededRandom(8), 5))
})

it('gives each name a stream that does not depend on what was drawn before', () => {
  const random = new SeededRandom(7)
  const early = draw(random.fork('disks'), 3)
  draw(random, 10)
  expect(draw(random.fork('disks'), 3)).toEqual(early)
  expect(draw(random.fork('racks'), 3)).not.toEqual(early)
})

it('spreads evenly, and normally', () => {
  const random = new SeededRandom(1)
  const uniform = draw(random, 20_000)
  expect(uniform.reduce((sum, value) => sum + value) / 20_000).toBeCloseTo(0.5, 1)
  const counts = new Float64Array(10)
  for (let i = 0; i < 20_000; i++) counts[random.below(10)]++
  for (const count of counts) expect(count / 2000).toBeCloseTo(1, 0)
  const normal = Array.from({ length: 20_000 }, () => random.normal())
  expect(normal.reduce((sum, value) => sum + value) / 20_000).toBeCloseTo(0, 1)
  expect(normal.reduce((sum, value) => sum + value * value) / 20_000).toBeCloseTo(1, 1)
})

it('shuffles without losing anything', () => {
  const items = Array.from({ length: 100 }, (_, i) => i)
  const shuffled = new SeededRandom(3).shuffle([...items])
  expect(shuffled).not.toEqual(items)
  expect(shuffled.toSorted((a, b) => a - b)).toEqual(items)
})
