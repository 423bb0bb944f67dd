import { expect, it } from 'vitest'
import { formatBytes } from '../../src/base/format-bytes.ts'

it('shows two digits or the whole units', () => {
  expect([0, 640, 3400, 12_345, 1_323_000, 60_603_168, 2.5e9].map(formatBytes)).toEqual([
    '0 B',
    '640 B',
    '3.4 kB',
    '12 kB',
    '1.3 MB',
    '61 MB',
    '2.5 GB',
  ])
})
it('does not show 10.0', () => {
  expect(formatBytes(9960)).toBe('10 kB')
})
