import { parseInt64 } from '../data/int64.ts'
import { textAt } from '../data/read.ts'

// All functions read `data[start .. end)`. Numbers may have spaces around them and a sign before them.

const powers = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`))
// Which bytes of two words belong to the last `size` bytes of eight.
const lowMasks = Int32Array.of(0, 0, 0, 0, 0, -1 << 24, -1 << 16, -1 << 8, -1)
const highMasks = Int32Array.of(0, -1 << 24, -1 << 16, -1 << 8, -1, -1, -1, -1, -1)

/**
 * Puts a decimal number of at most eight characters beside a minus into `values`, rounded correctly; false for everything else, also where eight
 * bytes do not stand before `end`. A double that a function returned would be an object of its own. Digits are checked and combined four at a time, without a branch for their number (Lemire, "Number parsing at a gigabyte per second").
 */
export function putShortDecimal(view: DataView, start: number, end: number, values: Float64Array, at: number): boolean {
  const isNegative = view.getUint8(start) === 45
  const size = (end - start - (isNegative ? 1 : 0)) | 0
  if (size <= 0 || size > 8 || end < 8) return false
  let low = (view.getInt32(end - 8, true) ^ 0x30303030) & lowMasks[size]
  let high = (view.getInt32(end - 4, true) ^ 0x30303030) & highMasks[size]
  // The point is taken out: what stands before it moves up by one byte. As digits are 0 to 9 now, it is 0x1e.
  let scale = 0
  const inHigh = high ^ 0x1e1e1e1e
  let points = (inHigh - 0x01010101) & ~inHigh & 0x80808080
  if (points !== 0) {
    if (size === 1) return false
    const point = points & (0 - points)
    const below = (point >>> 7) - 1
    scale = Math.clz32(point) >> 3
    high = (high & ~((below << 8) | 0xff)) | ((high & below) << 8) | (low >>> 24)
    low <<= 8
  } else if (size > 4) {
    const inLow = low ^ 0x1e1e1e1e
    points = (inLow - 0x01010101) & ~inLow & 0x80808080
    if (points !== 0) {
      const point = points & (0 - points)
      const below = (point >>> 7) - 1
      scale = (Math.clz32(point) >> 3) + 4
      low = (low & ~((below << 8) | 0xff)) | ((low & below) << 8)
    }
  }
  if ((((low + 0x76767676) | low | (high + 0x76767676) | high) & 0x80808080) !== 0) return false
  const lowPairs = (Math.imul(low, 10) + (low >>> 8)) | 0
  const highPairs = (Math.imul(high, 10) + (high >>> 8)) | 0
  const upper = (Math.imul(lowPairs & 0xff, 100) + ((lowPairs >>> 16) & 0xff)) | 0
  const lower = (Math.imul(highPairs & 0xff, 100) + ((highPairs >>> 16) & 0xff)) | 0
  const digits = (Math.imul(upper, 10000) + lower) | 0
  const value = scale === 0 ? digits : digits / powers[scale]
  values[at] = isNegative ? -value : value
  return true
}

/** An integer of at most eight digits beside a minus; NaN for everything else, as above. Never −0. */
export function shortIntegerAt(view: DataView, start: number, end: number): number {
  const isNegative = view.getUint8(start) === 45
  const size = (end - start - (isNegative ? 1 : 0)) | 0
  if (size <= 0 || size > 8 || end < 8) return Number.NaN
  const low = (view.getInt32(end - 8, true) ^ 0x30303030) & lowMasks[size]
  const high = (view.getInt32(end - 4, true) ^ 0x30303030) & highMasks[size]
  if ((((low + 0x76767676) | low | (high + 0x76767676) | high) & 0x80808080) !== 0) return Number.NaN
  const lowPairs = (Math.imul(low, 10) + (low >>> 8)) | 0
  const highPairs = (Math.imul(high, 10) + (high >>> 8)) | 0
  const upper = (Math.imul(lowPairs & 0xff, 100) + ((lowPairs >>> 16) & 0xff)) | 0
  const lower = (Math.imul(highPairs & 0xff, 100) + ((highPairs >>> 16) & 0xff)) | 0
  const value = (Math.imul(upper, 10000) + lower) | 0
  return isNegative ? (0 - value) | 0 : value
}

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
