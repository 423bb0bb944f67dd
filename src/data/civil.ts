import type { Int64 } from './int64.ts'
import { int64Value } from './int64.ts'

/** 0001-01-01 and 9999-12-31, in days since 1970-01-01: the dates that text can hold. */
export const minDay = -719_162
export const maxDay = 2_932_896
export const microsecondsPerDay = 86_400_000_000
/** First and last microsecond of these dates. */
export const minTimestamp = BigInt(minDay) * BigInt(microsecondsPerDay)
export const maxTimestamp = BigInt(maxDay + 1) * BigInt(microsecondsPerDay) - 1n

export interface CivilDate {
  year: number
  /** 1 to 12. */
  month: number
  /** 1 to 31. */
  day: number
}

/** Days since 1970-01-01 of a proleptic Gregorian date. Hinnant, "chrono-compatible low-level date algorithms" (2013). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** The date of a number of days since 1970-01-01. */
export function civilFromDays(days: number): CivilDate {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  return { year, month, day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1 }
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days since 1970 of `YYYY-MM-DD`; undefined for any other text and for dates that do not exist. */
export function parseDate(text: string): number | undefined {
  const size = toScratch(text)
  const days = size < 0 ? Number.NaN : parseDateBytes(scratch, 0, size)
  return Number.isNaN(days) ? undefined : days
}

/** As `parseDate`, on bytes; NaN when they are no date. */
export function parseDateBytes(data: Uint8Array, start: number, end: number): number {
  return end - start === 10 ? dateAt(data, start) : Number.NaN
}

/**
 * Microseconds since 1970 of `YYYY-MM-DD`, or this with `T` or a space and `HH:MM[:SS[.f]]` (up to six digits), then `Z`, `±HH:MM`, `±HH` or
 * nothing, which means UTC. Undefined for any other text and for times outside the years 1 to 9999.
 */
export function parseTimestamp(text: string): Int64 | undefined {
  const size = toScratch(text)
  const time = size < 0 ? Number.NaN : parseTimestampBytes(scratch, 0, size)
  return Number.isNaN(time) ? undefined : time
}

/** As `parseTimestamp`, on bytes; NaN when they are no timestamp. */
export function parseTimestampBytes(data: Uint8Array, start: number, end: number): Int64 {
  if (end - start < 10) return Number.NaN
  const days = dateAt(data, start)
  let at = start + 10
  if (at === end) return joinTime(days, 0)
  if ((data[at] !== letterT && data[at] !== space) || end - at < 6 || data[at + 3] !== colon) return Number.NaN
  const hour = digitsAt(data, at + 1, 2)
  const minute = digitsAt(data, at + 4, 2)
  at += 6
  let second = 0
  let fraction = 0
  if (at < end && data[at] === colon) {
    second = end - at < 3 ? Number.NaN : digitsAt(data, at + 1, 2)
    at += 3
    if (at < end && data[at] === dot) {
      const first = ++at
      let scale = 1_000_000
      for (; at < end && data[at] >= zero && data[at] <= nine; at++) {
        fraction = fraction * 10 + data[at] - zero
        scale /= 10
      }
      if (at === first || at - first > 6) return Number.NaN
      fraction *= scale
    }
  }
  const offset = offsetAt(data, at, end)
  if (!(hour < 24 && minute < 60 && second < 60)) return Number.NaN
  return joinTime(days, (hour * 3600 + (minute - offset) * 60 + second) * 1_000_000 + fraction)
}

/** `YYYY-MM-DD`. */
export function formatDate(days: number): string {
  const { year, month, day } = civilFromDays(days)
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
}

/** `YYYY-MM-DDTHH:MM:SS.ffffffZ`. */
export function formatTimestamp(time: Int64): string {
  const days = dayOf(time)
  const micros = Number(BigInt(time) - BigInt(days) * BigInt(microsecondsPerDay))
  const seconds = Math.floor(micros / 1_000_000)
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${formatDate(days)}T${clock}.${String(micros % 1_000_000).padStart(6, '0')}Z`
}

/** The UTC day that a timestamp lies in. */
export function dayOf(time: Int64): number {
  if (typeof time === 'number') return Math.floor(time / microsecondsPerDay)
  const day = BigInt(microsecondsPerDay)
  const quotient = time / day
  return Number(time % day < 0n ? quotient - 1n : quotient)
}

/** Midnight UTC of a day, in microseconds since 1970. */
export function startOfDay(days: number): Int64 {
  return joinTime(days, 0)
}

const zero = 48
const nine = 57
const dash = 45
const plus = 43
const colon = 58
const dot = 46
const space = 32
const letterT = 84
const letterZ = 90

const scratch = new Uint8Array(40)

/** Copies an ASCII text to `scratch`; its size, or −1 when it cannot be a date or timestamp. */
function toScratch(text: string): number {
  if (text.length > scratch.length) return -1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return -1
    scratch[i] = code
  }
  return text.length
}

/** A number of `count` digits; NaN when there is something else. */
function digitsAt(data: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const digit = data[i] - zero
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

function dateAt(data: Uint8Array, at: number): number {
  if (data[at + 4] !== dash || data[at + 7] !== dash) return Number.NaN
  const year = digitsAt(data, at, 4)
  const month = digitsAt(data, at + 5, 2)
  const day = digitsAt(data, at + 8, 2)
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return Number.NaN
  return daysFromCivil(year, month, day)
}

/** Minutes east of UTC of `Z`, `±HH`, `±HH:MM` or nothing. */
function offsetAt(data: Uint8Array, at: number, end: number): number {
  const size = end - at
  if (size === 0 || (size === 1 && data[at] === letterZ)) return 0
  if ((data[at] !== plus && data[at] !== dash) || (size !== 3 && !(size === 6 && data[at + 3] === colon))) return Number.NaN
  const hours = digitsAt(data, at + 1, 2)
  const minutes = size === 6 ? digitsAt(data, at + 4, 2) : 0
  if (!(hours < 24 && minutes < 60)) return Number.NaN
  return (data[at] === dash ? -1 : 1) * (hours * 60 + minutes)
}

function joinTime(days: number, micros: number): Int64 {
  const time = days * microsecondsPerDay + micros
  if (Number.isSafeInteger(time)) return time
  if (Number.isNaN(time)) return Number.NaN
  const exact = BigInt(days) * BigInt(microsecondsPerDay) + BigInt(micros)
  return exact < minTimestamp || exact > maxTimestamp ? Number.NaN : int64Value(exact)
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`
}
