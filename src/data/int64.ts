/** A number where it is a safe integer, else a bigint. */
export type Int64 = number | bigint

/** Bounds of int64, and of the integers that a double holds exactly. */
const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n
const minSafe = BigInt(Number.MIN_SAFE_INTEGER)
const maxSafe = BigInt(Number.MAX_SAFE_INTEGER)

export function isInt64(value: bigint): boolean {
  return value >= minInt64 && value <= maxInt64
}

/** The plain form of an int64: a number where it is a safe integer, else the bigint. */
export function int64Value(value: bigint): Int64 {
  return value >= minSafe && value <= maxSafe ? Number(value) : value
}

/** Orders int64 values of either form: negative, 0 or positive. Numbers and bigints compare exactly in JavaScript. */
export function compareInt64(a: Int64, b: Int64): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** An int64 from its decimal digits with an optional sign; undefined when the text is something else or out of range. */
export function parseInt64(text: string): Int64 | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined
  // 15 digits are always safe; `+ 0` makes 0 of -0.
  if (text.length <= 15) return Number(text) + 0
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return isInt64(value) ? int64Value(value) : undefined
}
