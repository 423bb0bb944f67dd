import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  civilFromDays,
  dayOf,
  daysFromCivil,
  formatDate,
  formatTimestamp,
  maxDay,
  maxTimestamp,
  minDay,
  minTimestamp,
  parseDate,
  parseDateBytes,
  parseTimestamp,
  parseTimestampBytes,
} from '../../src/data/civil.ts'
import { int64Value } from '../../src/data/int64.ts'

describe('dates', () => {
  it('are those of the JavaScript calendar', () => {
    fc.assert(
      fc.property(fc.integer({ min: minDay, max: maxDay }), (days) => {
        const { year, month, day } = civilFromDays(days)
        const date = new Date(days * 86_400_000)
        expect([year, month, day]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()])
        expect(daysFromCivil(year, month, day)).toBe(days)
        expect(formatDate(days)).toBe(date.toISOString().slice(0, 10))
        expect(parseDate(formatDate(days))).toBe(days)
      }),
    )
    expect([formatDate(minDay), formatDate(maxDay)]).toEqual(['0001-01-01', '9999-12-31'])
  })

  it('are read from one form only', () => {
    expect(parseDate('2024-02-29')).toBe(19_782)
    for (const text of [
      '',
      '2023-02-29',
      '1900-02-29',
      '2026-13-01',
      '2026-00-01',
      '2026-01-00',
      '2026-1-1',
      '0000-01-01',
      ' 2026-01-01',
      '2026-01-01 ',
      '2026/01/01',
      '2026-01-0x',
      '２026-01-01',
    ]) {
      expect(parseDate(text), text).toBeUndefined()
      const bytes = new TextEncoder().encode(text)
      expect(parseDateBytes(bytes, 0, bytes.length), text).toBeNaN()
    }
  })
})

describe('timestamps', () => {
  it('print and read as the same microsecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: minTimestamp, max: maxTimestamp }), (exact) => {
        const time = int64Value(exact)
        const text = formatTimestamp(time)
        expect(parseTimestamp(text)).toBe(time)
        const iso = new Date(Number((exact - (((exact % 1000n) + 1000n) % 1000n)) / 1000n)).toISOString()
        expect(text.slice(0, 23)).toBe(iso.slice(0, 23))
        expect(formatDate(dayOf(time))).toBe(text.slice(0, 10))
        const bytes = new TextEncoder().encode(`x${text}x`)
        expect(parseTimestampBytes(bytes, 1, bytes.length - 1)).toBe(time)
      }),
    )
  })

  it('are read with or without time, seconds, fraction and offset', () => {
    for (const [text, form] of [
      ['2026-01-02', '2026-01-02T00:00:00.000000Z'],
      ['2026-01-02T03:04', '2026-01-02T03:04:00.000000Z'],
      ['2026-01-02 03:04:05', '2026-01-02T03:04:05.000000Z'],
      ['2026-01-02T03:04:05.6Z', '2026-01-02T03:04:05.600000Z'],
      ['2026-01-02T03:04:05.000001+02', '2026-01-02T01:04:05.000001Z'],
      ['2026-01-02T03:04:05-05:30', '2026-01-02T08:34:05.000000Z'],
      ['1970-01-01T00:00:00.999999+00:00', '1970-01-01T00:00:00.999999Z'],
    ]) {
      expect(formatTimestamp(parseTimestamp(text) ?? Number.NaN), text).toBe(form)
    }
  })

  it('are refused in any other form', () => {
    for (const text of [
      '2026-01-02T',
      '2026-01-02T3:04',
      '2026-01-02T24:00',
      '2026-01-02T00:60',
      '2026-01-02T00:00:60',
      '2026-01-02T00:00:00.',
      '2026-01-02T00:00:00.1234567',
      '2026-01-02T00:00:00z',
      '2026-01-02T00:00:00+2',
      '2026-01-02T00:00:00+24:00',
      '2026-01-02T00:00:',
      '2026-01-02T00:0',
      '2026-01-02Z',
      '0001-01-01T00:00+01',
      '9999-12-31T23:59-01:00',
      '2026-01-02T00:00:00Z ',
      'now',
    ]) {
      expect(parseTimestamp(text), text).toBeUndefined()
    }
  })
})
