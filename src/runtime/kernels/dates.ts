import { civilFromDays, dayOf, daysFromCivil, microsecondsPerDay } from '../../data/civil.ts'
import { type Kernel, strictPlain } from '../codegen/kernel.ts'
import { plainArgs } from './numbers.ts'

const parts: Readonly<Record<string, (days: number) => number>> = {
  year: (days) => civilFromDays(days).year,
  quarter: (days) => Math.ceil(civilFromDays(days).month / 3),
  month: (days) => civilFromDays(days).month,
  day: (days) => civilFromDays(days).day,
  // 1970-01-01 was a Thursday, day 5 of a week that starts on Sunday.
  day_of_week: (days) => ((((days + 4) % 7) + 7) % 7) + 1,
  day_of_year: (days) => days - daysFromCivil(civilFromDays(days).year, 1, 1) + 1,
}

const datePart =
  (read: (days: number) => number): Kernel =>
  (em, call) => {
    const args = plainArgs(call.args)
    if (args === undefined) return undefined
    const [{ type, value }] = args
    return strictPlain(
      em,
      call,
      () => `${em.constant(read)}(${type.kind === 'date' ? value : `${em.constant(dayOf)}(${value})`})`,
      false,
    )
  }

const clock =
  (micros: number, count: number): Kernel =>
  (em, call) => {
    const args = plainArgs(call.args)
    if (args === undefined) return undefined
    const { value } = args[0]
    const read = (time: number): number => {
      // `+ 0`: the remainder of a negative time may be −0.
      const rest = (time % microsecondsPerDay) + 0
      return Math.floor((rest < 0 ? rest + microsecondsPerDay : rest) / micros) % count
    }
    return strictPlain(
      em,
      call,
      () => `typeof ${value} === 'number' ? ${em.constant(read)}(${value}) : ${call.slow}(${value})`,
      false,
    )
  }

const dateOf: Kernel = (em, call) => {
  const args = plainArgs(call.args)
  if (args?.length !== 1) return undefined
  const [{ type, value }] = args
  return strictPlain(em, call, () => (type.kind === 'date' ? value : `${em.constant(dayOf)}(${value})`))
}

export const dateKernels: readonly (readonly [string, Kernel])[] = [
  ...Object.entries(parts).map(([name, read]) => [name, datePart(read)] as const),
  ['hour', clock(3_600_000_000, 24)],
  ['minute', clock(60_000_000, 60)],
  ['second', clock(1_000_000, 60)],
  ['date', dateOf],
]
