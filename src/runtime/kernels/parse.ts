/** The integer of `[+-]digits`, up to 15 of them; NaN for anything else. */
export function parseInteger(data: Uint8Array, start: number, end: number): number {
  let at = start
  const sign = data[at]
  if (sign === 45 || sign === 43) at++
  if (at >= end || end - at > 15) return Number.NaN
  let value = 0
  for (; at < end; at++) {
    const digit = data[at] - 48
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
  }
  // `0 -` gives 0 and not −0 for "-0".
  return sign === 45 ? 0 - value : value
}

const powers = Array.from({ length: 23 }, (_, i) => 10 ** i)

/**
 * The double of `[+-]digits[.digits]` with at most 15 digits: the digits and the power of ten are exact doubles, so that one division
 * rounds correctly (Clinger 1990). NaN for anything else.
 */
export function parseDecimal(data: Uint8Array, start: number, end: number): number {
  let at = start
  const sign = data[at]
  if (sign === 45 || sign === 43) at++
  if (at >= end || end - at > 16) return Number.NaN
  let value = 0
  let digits = 0
  let decimals = -1
  for (; at < end; at++) {
    const byte = data[at]
    if (byte === 46 && decimals < 0) {
      decimals = 0
      continue
    }
    const digit = byte - 48
    if (!(digit >= 0 && digit <= 9)) return Number.NaN
    value = value * 10 + digit
    digits++
    if (decimals >= 0) decimals++
  }
  if (digits === 0 || digits > 15) return Number.NaN
  const result = decimals > 0 ? value / powers[decimals] : value
  return sign === 45 ? -result : result
}
