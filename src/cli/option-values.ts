import { usageError } from '../base/errors.ts'

/** Adds one `--param name=value`. */
export function collectParam(text: string, params: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const equals = text.indexOf('=')
  if (equals <= 0) throw usageError('USAGE_ARGUMENT', `--param takes name=value, found '${text}'`)
  const name = text.slice(0, equals)
  if (params.has(name)) throw usageError('USAGE_ARGUMENT', `--param gives '${name}' twice`)
  return new Map(params).set(name, text.slice(equals + 1))
}

/** A whole number of at least `least`. */
export const parseCount =
  (option: string, least: number, most = 65_536) =>
  (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw usageError('USAGE_ARGUMENT', `${option} takes a whole number from ${least} to ${most}, found '${text}'`)
    }
    return value
  }

/** A whole number to draw chance from. */
export const parseSeed =
  (option: string) =>
  (text: string): number => {
    if (!/^\d{1,9}$/.test(text))
      throw usageError('USAGE_ARGUMENT', `${option} takes a whole number from 0 to 999999999, found '${text}'`)
    return Number(text)
  }

/** A length of time in seconds; returns milliseconds. */
export const parseSeconds =
  (option: string) =>
  (text: string): number => {
    const value = /^(\d+(?:\.\d+)?)s?$/.exec(text)?.[1]
    const seconds = Number(value)
    if (value === undefined || seconds < 1 || seconds > 1e6) {
      throw usageError('USAGE_ARGUMENT', `${option} takes seconds from 1 to 1000000, found '${text}'`)
    }
    return seconds * 1000
  }

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}
const leastMemory = 4e6

/** A size such as `512MB` or `1.5GiB` in bytes; undefined when it is none. */
export function sizeInBytes(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? []
  const scale = number === undefined ? undefined : units[unit.toLowerCase()]
  return scale === undefined ? undefined : Math.floor(Number(number) * scale)
}

/** The size of `--disk`. */
export function parseDisk(text: string): number {
  const bytes = sizeInBytes(text)
  if (bytes === undefined || bytes === 0) throw usageError('USAGE_ARGUMENT', `--disk takes a size such as 10GB, found '${text}'`)
  return bytes
}

/** The size of `--memory`. */
export function parseMemory(text: string): number {
  const bytes = sizeInBytes(text)
  if (bytes === undefined) throw usageError('USAGE_ARGUMENT', `--memory takes a size such as 512MB or 2GiB, found '${text}'`)
  if (bytes < leastMemory) throw usageError('USAGE_ARGUMENT', `--memory must be at least 4MB, found '${text}'`)
  return bytes
}
