import { planError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { Value } from '../../data/type.ts'

/**
 * An untyped numeric constant: `digits · 10^-scale`, exact. Constant arithmetic stays exact until the constant meets a typed operand, as in Go;
 * so `x between 0.06 - 0.01 and 0.06 + 0.01` compares with the floats nearest to 0.05 and 0.07.
 */
export interface Exact {
  digits: bigint
  scale: number
  /** Was it written with a point or an exponent, or made from one that was? Alone it is then a float64, else an int64. */
  fraction: boolean
}

const maxExponent = 2_000
const minInt64 = -(2n ** 63n)
const maxInt64 = 2n ** 63n - 1n

/** Reads a number as written: `12`, `1.5`, `.5`, `1e-3`, `0xff`. */
export function parseExact(text: string, at: Place): Exact {
  if (/^0[xX][0-9a-fA-F]+$/.test(text)) return { digits: BigInt(text), scale: 0, fraction: false }
  const parts = /^(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  const [, whole = '', decimals, exponent] = parts ?? []
  const exponentValue = Number(exponent ?? 0)
  if (parts === null || whole + (decimals ?? '') === '') throw planError('PLAN_CONSTANT', `'${text}' is not a number`, { at })
  if (Math.abs(exponentValue) > maxExponent) throw outOfRange('float64', text, at)
  const scale = (decimals ?? '').length - exponentValue
  const digits = BigInt(whole + (decimals ?? ''))
  const fraction = decimals !== undefined || exponent !== undefined
  return scale >= 0 ? { digits, scale, fraction } : { digits: digits * 10n ** BigInt(-scale), scale: 0, fraction }
}

export function addExact(a: Exact, b: Exact): Exact {
  const scale = Math.max(a.scale, b.scale)
  return { digits: scaled(a, scale) + scaled(b, scale), scale, fraction: a.fraction || b.fraction }
}

export function negateExact(a: Exact): Exact {
  return { ...a, digits: -a.digits }
}

export function multiplyExact(a: Exact, b: Exact): Exact {
  return { digits: a.digits * b.digits, scale: a.scale + b.scale, fraction: a.fraction || b.fraction }
}

/** The int64 it stands for: a number where that is safe, else a bigint. */
export function exactToInt64(exact: Exact, at: Place): Value {
  const unit = 10n ** BigInt(exact.scale)
  if (exact.digits % unit !== 0n) {
    throw planError('PLAN_TYPE_MISMATCH', `${formatExact(exact)} is not a whole number, as int64 asks for`, { at })
  }
  const value = exact.digits / unit
  if (value < minInt64 || value > maxInt64) throw outOfRange('int64', formatExact(exact), at)
  const small = Number(value)
  return Number.isSafeInteger(small) ? small : value
}

/** The float64 nearest to it. */
export function exactToFloat64(exact: Exact, at: Place): Value {
  const value = Number(`${exact.digits}e${-exact.scale}`)
  if (!Number.isFinite(value)) throw outOfRange('float64', formatExact(exact), at)
  // 0n has no sign, so there is no −0 here.
  return value
}

export function formatExact({ digits, scale }: Exact): string {
  if (scale === 0) return digits.toString()
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0')
  return `${digits < 0n ? '-' : ''}${text.slice(0, -scale)}.${text.slice(-scale)}`
}

const scaled = ({ digits, scale }: Exact, to: number): bigint => digits * 10n ** BigInt(to - scale)

const outOfRange = (type: string, text: string, at: Place) =>
  planError('PLAN_TYPE_MISMATCH', `${text.length > 40 ? `${text.slice(0, 40)}…` : text} is outside the range of ${type}`, { at })
