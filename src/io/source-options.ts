import { planError } from '../base/errors.ts'
import { type BatchHeader, type BatchOrigin, freshHeader } from '../data/batch.ts'
import { types } from '../data/type.ts'
import type { ConnectorTraits } from '../ir/logical.ts'
import { errorPolicies } from '../ir/on-error.ts'
import type { ConnectorOptions, OptionSpec } from './connector.ts'

/** What sources over lines of files have in common. */
export const fileTraits: ConnectorTraits = Object.freeze({
  pushProjection: true,
  pushFilter: false,
  pushLimit: true,
  splittable: true,
  replayable: true,
  bounded: true,
  exactlyOnce: true,
  weights: false,
})

export const pathOption: OptionSpec = {
  type: types.string,
  summary: 'File, folder, or pattern with *, ** and {a,b}; relative to the working directory.',
}

export const onErrorOption: OptionSpec = {
  type: types.string,
  values: errorPolicies,
  summary:
    "What to do with a record that cannot be read: 'fail', 'skip' or 'dead-letter'. Default: what the run does with rows that fail.",
}

/** The text of an option, or its default. */
export function textOption(options: ConnectorOptions, name: string, fallback = ''): string {
  const value = Object.hasOwn(options, name) ? options[name] : undefined
  return typeof value === 'string' ? value : fallback
}

export function flagOption(options: ConnectorOptions, name: string, fallback: boolean): boolean {
  const value = Object.hasOwn(options, name) ? options[name] : undefined
  return typeof value === 'boolean' ? value : fallback
}

/** The byte of an option that takes one ASCII character; −1 for the empty text where `optional`. */
export function byteOption(options: ConnectorOptions, name: string, fallback: string, optional = false): number {
  const text = textOption(options, name, fallback)
  if (text === '' && optional) return -1
  const code = text.charCodeAt(0)
  if (text.length === 1 && code < 128 && code !== 10 && code !== 13) return code
  throw planError('PLAN_UNKNOWN_OPTION', `the option '${name}' takes one ASCII character, found '${text}'`)
}

/** The header of a batch that was read from a split. */
export function readHeader(split: number, firstRow: number, origin?: BatchOrigin): BatchHeader {
  return { ...freshHeader, source: { split, firstRow, origin } }
}
