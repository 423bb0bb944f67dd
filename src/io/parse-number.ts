import { parseInt64 } from '../data/int64.ts'
import { textAt } from '../data/read.ts'

// All functions read `data[start .. end)`. Numbers may have spaces around them and a sign before them.

/** An integer of at most 15 digits; NaN for everything else, which `wideInt64At` then looks at. Never −0. */
export function int64At(data: Uint8Array, start: number, end: number): number {
  let at = start
  const first = data[at]
  if (first === 45 || first === 43) at++
  const digits = end - at
  if (digits < 1 || digits > 15) return Number.NaN
  let value = 0
  for (; at < end; at++) {
    const digit = data[at] - 48
    if (digit >>> 0 > 9) return Number.NaN
    value = value * 10 + digit
  }
  return first === 45 ? 0 - value : value
}

/** Any int64, exactly; undefined when the text is none. */
export function wideInt64At(data: Uint8Array, start: number, end: number): number | bigint | undefined {
  return end - start > 1000 ? undefined : parseInt64(textAt(data, start, end).trim())
}

const powers = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))

/**
 * A decimal number, rounded correctly; NaN for everything else. At most 15 digits and a power of ten up to 22 are both exact doubles, so one
 * division or product of them rounds once (Clinger, "How to read floating point numbers accurately"); longer numbers go through `Number`.
 */
export function float64At(data: Uint8Array, start: number, end: number): number {
  let at = start
  const first = data[at]
  if (first === 45 || first === 43) at++
  let value = 0
  let digits = 0
  let scale = 0
  let byte = 0
  for (; at < end && (byte = data[at] - 48) >>> 0 <= 9; at++, digits++) value = value * 10 + byte
  if (at < end && data[at] === 46) {
    const point = ++at
    for (; at < end && (byte = data[at] - 48) >>> 0 <= 9; at++, digits++) value = value * 10 + byte
    scale = at - point
  }
  if (at < end || digits === 0 || digits > 15) return slowFloat64At(data, start, end)
  if (scale > 0) value /= powers[scale]
  return first === 45 ? -value : value
}

const decimal = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/

function slowFloat64At(data: Uint8Array, start: number, end: number): number {
  if (end - start > 10_000) return Number.NaN
  const text = textAt(data, start, end).trim()
  if (decimal.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : Number.NaN
  }
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text)
  return infinite === null ? Number.NaN : infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** Is the text the word NaN? */
export function isNaNAt(data: Uint8Array, start: number, end: number): boolean {
  return end - start < 20 && /^[+-]?nan$/i.test(textAt(data, start, end).trim())
}

/** 1 for `true`, 0 for `false`, in any case; NaN for everything else. */
export function boolAt(data: Uint8Array, start: number, end: number): number {
  const size = end - start
  if (size < 4 || size > 40) return Number.NaN
  const text = textAt(data, start, end).trim().toLowerCase()
  return text === 'true' ? 1 : text === 'false' ? 0 : Number.NaN
}
