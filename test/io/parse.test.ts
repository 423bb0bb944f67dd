import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDate, maxDay, minDay, parseDate } from '../../src/data/civil.ts'
import { dateAt, noDate } from '../../src/io/parse-date.ts'
import { float64At, int64At, putShortDecimal, shortIntegerAt } from '../../src/io/parse-number.ts'

/** A text in the middle of a block: what stands around it must not matter. */
function within<T>(text: string, before: string, read: (view: DataView, start: number, end: number) => T): T {
  const bytes = Buffer.from(`${before}${text},1.5,7\n${' '.repeat(16)}`)
  return read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), before.length, before.length + Buffer.byteLength(text))
}

/** NaN for what is left to the slower ways. */
function shortDecimalAt(view: DataView, start: number, end: number): number {
  const values = new Float64Array(1)
  return putShortDecimal(view, start, end, values, 0) ? values[0] : Number.NaN
}

const before = fc.constantFrom('', '1', '12,', '1234567,', '12345678', '.......,', '99999999,-')
const digits = (unit: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...unit), maxLength })

describe('short numbers', () => {
  it('are read as JavaScript reads them, or not at all', () => {
    fc.assert(
      fc.property(fc.oneof(digits('0123456789.-', 10), digits('0159.-+eE /:\u0080é', 6)), before, (text, before) => {
        const isNumber = /^-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text)
        const decimal = within(text, before, shortDecimalAt)
        if (!Number.isNaN(decimal)) expect([isNumber, decimal]).toEqual([true, Number(text)])
        const integer = within(text, before, shortIntegerAt)
        if (!Number.isNaN(integer)) expect([/^-?[0-9]+$/.test(text), integer]).toEqual([true, Number(text) + 0])
        // Nothing that fits into eight bytes is left to the slower ways.
        const fits = isNumber && text.replace('-', '').length <= 8 && before.length >= 8
        if (fits) expect(decimal).not.toBeNaN()
        if (fits && !text.includes('.')) expect(integer).not.toBeNaN()
      }),
      { numRuns: 5000 },
    )
  })

  it('agree with the slower ways', () => {
    fc.assert(
      fc.property(digits('0123456789.-', 9), before, (text, before) => {
        const slow = (parse: typeof float64At) =>
          within(text, before, (view, start, end) => parse(new Uint8Array(view.buffer, view.byteOffset), start, end))
        const decimal = within(text, before, shortDecimalAt)
        if (!Number.isNaN(decimal)) expect(decimal).toBe(slow(float64At))
        const integer = within(text, before, shortIntegerAt)
        if (!Number.isNaN(integer)) expect(integer).toBe(slow(int64At))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('dates', () => {
  const read = (text: string) => within(text, '', dateAt)

  it('are read as the functions of dates read them', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: minDay, max: maxDay }).map(formatDate),
          fc
            .tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 32 }))
            .map((parts) => parts.map((part, i) => String(part).padStart(i === 0 ? 4 : 2, '0')).join('-')),
          digits('0129-/: ', 11),
        ),
        (text) => {
          expect(read(text)).toBe(parseDate(text) ?? noDate)
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('of the ends of months', () => {
    for (const text of ['2000-02-29', '1900-02-28', '2024-02-29', '0001-01-01', '9999-12-31', '1970-01-01'])
      expect(read(text)).toBe(parseDate(text))
    for (const text of ['1900-02-29', '2023-02-29', '2024-04-31', '0000-01-01', '2024-00-10', '2024-13-01', '2024-01-00'])
      expect(read(text)).toBe(noDate)
  })
})
