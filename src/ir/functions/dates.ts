import { runError } from '../../base/errors.ts'
import {
  civilFromDays,
  dayOf,
  daysFromCivil,
  daysInMonth,
  maxDay,
  maxTimestamp,
  microsecondsPerDay,
  minDay,
  minTimestamp,
  startOfDay,
} from '../../data/civil.ts'
import type { Int64 } from '../../data/int64.ts'
import { int64Value } from '../../data/int64.ts'
import type { Type, Value } from '../../data/type.ts'
import type { ScalarFunction, Signature } from './define.ts'
import { defineScalarFunction } from './define.ts'

const eitherType: readonly Signature[] = [
  { args: ['date'], returns: 'int64' },
  { args: ['timestamp'], returns: 'int64' },
]

const dateWords = ['day', 'week', 'isoweek', 'month', 'quarter', 'year'] as const
const timeWords = ['microsecond', 'millisecond', 'second', 'minute', 'hour', 'day'] as const

/**
 * Dates and timestamps, all in UTC. Units are texts: of dates `day week isoweek month quarter year`, of timestamps
 * `microsecond millisecond second minute hour day`. Weeks start on Sunday, ISO weeks on Monday. Results outside the years 1 to 9999 are
 * `RUN_OVERFLOW`.
 */
export const dates: readonly ScalarFunction[] = [
  defineScalarFunction('date', {
    signatures: [
      { args: ['timestamp'], returns: 'date' },
      { args: ['date'], returns: 'date' },
      { args: ['int64', 'int64', 'int64'], returns: 'date' },
    ],
    fails: true,
    summary: 'Date of a timestamp, or of a year, a month and a day.',
    evaluate(args, { args: kinds }) {
      if (kinds[0].kind === 'timestamp') return dayOf(args[0] as Int64)
      if (kinds[0].kind === 'date') return args[0]
      const [year, month, day] = args.map(Number)
      if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) {
        throw runError('RUN_ARGUMENT', `no such date: year ${args[0]}, month ${args[1]}, day ${args[2]}`)
      }
      return daysFromCivil(year, month, day)
    },
  }),
  part('year', 'Year of a date or timestamp.', (days) => civilFromDays(days).year),
  part('quarter', 'Quarter, 1 to 4.', (days) => Math.ceil(civilFromDays(days).month / 3)),
  part('month', 'Month, 1 to 12.', (days) => civilFromDays(days).month),
  part('day', 'Day of the month, 1 to 31.', (days) => civilFromDays(days).day),
  part('day_of_week', 'Day of the week, 1 for Sunday to 7 for Saturday.', (days) => days - weekStart(days, sunday) + 1),
  part('day_of_year', 'Day of the year, 1 to 366.', (days) => days - daysFromCivil(civilFromDays(days).year, 1, 1) + 1),
  clock('hour', 'Hour of a timestamp, 0 to 23.', 3_600_000_000, 24),
  clock('minute', 'Minute of a timestamp, 0 to 59.', 60_000_000, 60),
  clock('second', 'Second of a timestamp, 0 to 59.', 1_000_000, 60),
  defineScalarFunction('date_trunc', {
    signatures: [{ args: ['date', 'string'], returns: 'date' }],
    fails: true,
    words: dateWords,
    summary: 'First day of the unit that a date lies in.',
    evaluate: ([date, unit]) => checkDay(dateUnit('date_trunc', unit).start(date as number)),
  }),
  defineScalarFunction('date_add', {
    signatures: [{ args: ['date', 'int64', 'string'], returns: 'date' }],
    fails: true,
    words: dateWords,
    summary: 'Date a number of units later; the last day of the month where the day does not exist.',
    evaluate: ([date, amount, unit]) => dateUnit('date_add', unit).add(date as number, amount as Int64),
  }),
  defineScalarFunction('date_sub', {
    signatures: [{ args: ['date', 'int64', 'string'], returns: 'date' }],
    fails: true,
    words: dateWords,
    summary: 'Date a number of units earlier; the last day of the month where the day does not exist.',
    evaluate: ([date, amount, unit]) => dateUnit('date_sub', unit).add(date as number, -BigInt(amount as Int64)),
  }),
  defineScalarFunction('date_diff', {
    signatures: [{ args: ['date', 'date', 'string'], returns: 'int64' }],
    fails: true,
    words: dateWords,
    summary: 'Number of unit boundaries from the second date to the first.',
    evaluate: ([a, b, unit]) => dateUnit('date_diff', unit).index(a as number) - dateUnit('date_diff', unit).index(b as number),
  }),
  defineScalarFunction('timestamp_trunc', {
    signatures: [{ args: ['timestamp', 'string'], returns: 'timestamp' }],
    fails: true,
    words: [...timeWords, ...dateWords],
    summary: 'Start of the unit that a timestamp lies in; takes the units of dates too.',
    evaluate([time, unit]) {
      if (typeof unit === 'string' && !timeUnits.has(unit.toLowerCase()) && dateUnits.has(unit.toLowerCase())) {
        return startOfDay(checkDay(dateUnit('timestamp_trunc', unit).start(dayOf(time as Int64))))
      }
      const micros = BigInt(time as Int64)
      return checkTime(micros - modulo(micros, timeUnit('timestamp_trunc', unit)))
    },
  }),
  defineScalarFunction('timestamp_add', {
    signatures: [{ args: ['timestamp', 'int64', 'string'], returns: 'timestamp' }],
    fails: true,
    words: timeWords,
    summary: 'Timestamp a number of units later.',
    evaluate: ([time, amount, unit]) =>
      checkTime(BigInt(time as Int64) + BigInt(amount as Int64) * timeUnit('timestamp_add', unit)),
  }),
  defineScalarFunction('timestamp_sub', {
    signatures: [{ args: ['timestamp', 'int64', 'string'], returns: 'timestamp' }],
    fails: true,
    words: timeWords,
    summary: 'Timestamp a number of units earlier.',
    evaluate: ([time, amount, unit]) =>
      checkTime(BigInt(time as Int64) - BigInt(amount as Int64) * timeUnit('timestamp_sub', unit)),
  }),
  defineScalarFunction('timestamp_diff', {
    signatures: [{ args: ['timestamp', 'timestamp', 'string'], returns: 'int64' }],
    fails: true,
    words: timeWords,
    summary: 'Number of whole units from the second timestamp to the first.',
    evaluate: ([a, b, unit]) => int64Value((BigInt(a as Int64) - BigInt(b as Int64)) / timeUnit('timestamp_diff', unit)),
  }),
  ...(['seconds', 'millis', 'micros'] as const).flatMap((unit, i) => sinceEpoch(unit, 1_000_000n / 1000n ** BigInt(i))),
]

function part(name: string, summary: string, read: (days: number) => number): ScalarFunction {
  return defineScalarFunction(name, {
    signatures: eitherType,
    summary,
    evaluate: ([value], { args }) => read(daysOf(value, args[0])),
  })
}

function daysOf(value: Value, type: Type): number {
  return type.kind === 'date' ? (value as number) : dayOf(value as Int64)
}

function clock(name: string, summary: string, micros: number, count: number): ScalarFunction {
  return defineScalarFunction(name, {
    signatures: [{ args: ['timestamp'], returns: 'int64' }],
    summary,
    evaluate: ([time]) => Math.floor(Number(modulo(BigInt(time as Int64), BigInt(microsecondsPerDay))) / micros) % count,
  })
}

function sinceEpoch(unit: string, micros: bigint): readonly ScalarFunction[] {
  return [
    defineScalarFunction(`timestamp_${unit}`, {
      signatures: [{ args: ['int64'], returns: 'timestamp' }],
      fails: true,
      summary: `Timestamp a number of ${unit} after 1970-01-01.`,
      evaluate: ([amount]) => checkTime(BigInt(amount as Int64) * micros),
    }),
    defineScalarFunction(`unix_${unit}`, {
      signatures: [{ args: ['timestamp'], returns: 'int64' }],
      summary: `Whole ${unit} from 1970-01-01 to a timestamp, rounded down.`,
      evaluate([time]) {
        const exact = BigInt(time as Int64)
        return int64Value((exact - modulo(exact, micros)) / micros)
      },
    }),
  ]
}

interface DateUnit {
  /** Number of the unit that a day lies in. */
  index(days: number): number
  /** First day of the unit that a day lies in. */
  start(days: number): number
  add(days: number, amount: Int64): number
}

const sunday = 4
const monday = 3

const dateUnits: ReadonlyMap<string, DateUnit> = new Map([
  ['day', dayUnit(1, (days) => days)],
  ['week', dayUnit(7, (days) => weekStart(days, sunday))],
  ['isoweek', dayUnit(7, (days) => weekStart(days, monday))],
  ['month', monthUnit(1)],
  ['quarter', monthUnit(3)],
  ['year', monthUnit(12)],
])

/** First day of the week of a day; 1970-01-01 was a Thursday, so that day 0 is `offset` days into its week. */
function weekStart(days: number, offset: number): number {
  return Math.floor((days + offset) / 7) * 7 - offset
}

function dayUnit(size: number, start: (days: number) => number): DateUnit {
  return {
    start,
    index: (days) => start(days) / size - start(0) / size,
    add: (days, amount) => shiftDate(days, BigInt(amount) * BigInt(size)),
  }
}

function monthUnit(size: number): DateUnit {
  const monthIndex = (days: number) => {
    const { year, month } = civilFromDays(days)
    return year * 12 + month - 1
  }
  const index = (days: number) => Math.floor(monthIndex(days) / size)
  return {
    index,
    start: (days) => daysFromCivil(Math.floor((index(days) * size) / 12), ((index(days) * size) % 12) + 1, 1),
    add(days, amount) {
      const target = BigInt(monthIndex(days)) + BigInt(amount) * BigInt(size)
      if (target < 12n || target >= 120_000n) throw outOfRange('date')
      const year = Math.floor(Number(target) / 12)
      const month = (Number(target) % 12) + 1
      return daysFromCivil(year, month, Math.min(civilFromDays(days).day, daysInMonth(year, month)))
    },
  }
}

const timeUnits: ReadonlyMap<string, bigint> = new Map([
  ['microsecond', 1n],
  ['millisecond', 1000n],
  ['second', 1_000_000n],
  ['minute', 60_000_000n],
  ['hour', 3_600_000_000n],
  ['day', 86_400_000_000n],
])

function dateUnit(fn: string, unit: Value): DateUnit {
  return dateUnits.get(String(unit).toLowerCase()) ?? unknownUnit(fn, unit, dateUnits)
}

function timeUnit(fn: string, unit: Value): bigint {
  return timeUnits.get(String(unit).toLowerCase()) ?? unknownUnit(fn, unit, timeUnits)
}

function unknownUnit(fn: string, unit: Value, known: ReadonlyMap<string, unknown>): never {
  throw runError('RUN_ARGUMENT', `${fn} has no unit '${unit}'`, { hint: `use one of ${[...known.keys()].join(', ')}` })
}

/** The date a number of days later. */
export function shiftDate(days: number, amount: Int64): number {
  return checkDay(days + Number(amount))
}

function checkDay(days: number): number {
  if (!(days >= minDay && days <= maxDay)) throw outOfRange('date')
  return days
}

function checkTime(micros: bigint): Int64 {
  if (micros < minTimestamp || micros > maxTimestamp) throw outOfRange('timestamp')
  return int64Value(micros)
}

function outOfRange(what: string) {
  return runError('RUN_OVERFLOW', `${what} is outside the years 1 to 9999`)
}

/** Remainder with the sign of the divisor. */
function modulo(value: bigint, divisor: bigint): bigint {
  const rest = value % divisor
  return rest < 0n ? rest + divisor : rest
}
