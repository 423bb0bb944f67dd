import { usageError } from '../base/errors.ts'
import type { Fault } from '../run/simulate.ts'
import { sizeInBytes } from './option-values.ts'

const bad = (option: string, expected: string, text: string): Error =>
  usageError('USAGE_ARGUMENT', `${option} takes ${expected}, found '${text}'`)

/** Adds one `--input-size [source=]size`. */
export function collectInputSize(text: string, sizes: ReadonlyMap<string, number> = new Map()): ReadonlyMap<string, number> {
  const equals = text.lastIndexOf('=')
  const source = equals < 0 ? '' : text.slice(0, equals)
  const bytes = sizeInBytes(text.slice(equals + 1))
  if (bytes === undefined) throw bad('--input-size', 'a size such as 1TB, or source=size', text)
  if (sizes.has(source))
    throw usageError('USAGE_ARGUMENT', `--input-size gives ${source === '' ? 'a size' : `'${source}'`} twice`)
  return new Map(sizes).set(source, bytes)
}

/** Adds one `--stage-output stage=size`. */
export function collectStageOutput(text: string, sizes: ReadonlyMap<number, number> = new Map()): ReadonlyMap<number, number> {
  const [, stage, size] = /^(\d+)=(.+)$/.exec(text) ?? []
  const bytes = size === undefined ? undefined : sizeInBytes(size)
  if (stage === undefined || bytes === undefined) throw bad('--stage-output', 'stage=size such as 0=9MB', text)
  if (sizes.has(Number(stage))) throw usageError('USAGE_ARGUMENT', `--stage-output gives stage ${stage} twice`)
  return new Map(sizes).set(Number(stage), bytes)
}

/** Adds one `--kill count@time`. */
export function collectKill(text: string, faults: readonly Fault[] = []): readonly Fault[] {
  const [, count, at] = /^(\d+)@([^+]+)$/.exec(text) ?? []
  const atMs = at === undefined ? undefined : timeInMs(at)
  if (count === undefined || atMs === undefined) throw bad('--kill', 'count@time such as 200@280s', text)
  return [...faults, { fault: 'kill', count: Number(count), atMs }]
}

/** Until a machine that crashed is back, if nothing else is said. */
const usualDown = '10min'

/** Adds one `--crash count@time[+time]`. */
export function collectCrash(text: string, faults: readonly Fault[] = []): readonly Fault[] {
  const [, count, at, down = usualDown] = /^(\d+)@([^+]+)(?:\+(.+))?$/.exec(text) ?? []
  const atMs = at === undefined ? undefined : timeInMs(at)
  const downMs = timeInMs(down)
  if (count === undefined || atMs === undefined || downMs === undefined)
    throw bad('--crash', 'count@time or count@time+down such as 3@2min+10min', text)
  return [...faults, { fault: 'crash', count: Number(count), atMs, downMs }]
}

/** A share such as `1%` or `0.01`. */
export function parseShare(text: string): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const share = number === undefined ? Number.NaN : Number(number) / (percent === '%' ? 100 : 1)
  // More than half of the messages: hardly anything would get through.
  if (!(share <= 0.5)) throw bad('--bad-messages', 'a share from 0 to 50%', text)
  return share
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }

function timeInMs(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|min|h)$/.exec(text) ?? []
  return number === undefined ? undefined : Number(number) * unitMs[unit]
}
