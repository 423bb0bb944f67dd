import type { Value } from '../../data/type.ts'
import { pathOf } from '../../planner/describe.ts'
import { describeOperator } from '../../planner/explain/stage-text.ts'
import type { PlanWords } from '../analysis/actuals.ts'
import type { Program } from '../program.ts'

/** Words about a program that tell no values of its parameters. */
export interface Redaction extends PlanWords {
  path(path: string): string
}

interface GivenValue {
  name: string
  text: string
}

/** Shorter values may be part of any word; longer ones are looked for everywhere. */
const shortLength = 4

/**
 * Keeps values of parameters out of what is stored. Values become part of the plan as constants, so in a program with parameters no constant
 * is told; in paths and numbers that are no constants (such as of limits) the value is replaced by `@` and the parameter's name.
 */
export function redactionOf(program: Program): Redaction {
  const values = givenValues(program)
  if (values.length === 0) return { path: (path) => path, operator: describeOperator, hides: () => false }
  const path = (text: string): string => values.reduce((all, { name, text: value }) => all.replaceAll(value, `@${name}`), text)
  return {
    path,
    hides: (rows) => values.some(({ text }) => Number(text) === rows),
    operator(node, stage) {
      const nodes = stage.nodes.map(withoutConstants)
      const text = describeOperator(withoutConstants(node), { ...stage, nodes }).replaceAll(`#${constantOrdinal}`, '?')
      const own = node.operator === 'scan' || node.operator === 'sink' ? pathOf(node.spec.options) : undefined
      const words = own === undefined ? [text] : text.split(own)
      return words.map((word) => withoutValues(word, values)).join(own === undefined ? '' : path(own))
    },
  }
}

/** Names of the parameters that were given. */
export const givenNames = (program: Program): string[] => [...new Set(givenValues(program).map(({ name }) => name))].sort()

/** Of `.flow` programs pairs, of pipelines a record. Values inside of arrays and structs count one by one; the longest first. */
function givenValues({ given }: Program): GivenValue[] {
  const entries = Array.isArray(given)
    ? (given as readonly (readonly [string, Value])[])
    : Object.entries((given ?? {}) as Readonly<Record<string, Value>>)
  return entries
    .flatMap(([name, value]) => leavesOf(value).map((text) => ({ name, text })))
    .sort((a, b) => b.text.length - a.text.length)
}

function leavesOf(value: Value): string[] {
  if (value === null || typeof value === 'boolean' || value === '') return []
  if (typeof value === 'object' && !(value instanceof Uint8Array)) return Object.values(value).flatMap(leavesOf)
  return [String(value)]
}

function withoutValues(text: string, values: readonly GivenValue[]): string {
  return values.reduce((all, { name, text: value }) => {
    if (value.length >= shortLength) return all.replaceAll(value, `@${name}`)
    const alone = new RegExp(`(?<![\\p{L}\\p{N}_])${value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}_])`, 'gu')
    return all.replace(alone, `@${name}`)
  }, text)
}

/** No column has it, so it is printed as `#-1`. */
const constantOrdinal = -1

/** The same with a column that is not there in the place of each constant. */
function withoutConstants<T>(part: T): T {
  if (Array.isArray(part)) return part.map(withoutConstants) as T
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return part
  if ((part as { e?: unknown }).e === 'constant') return { ...part, e: 'column', column: constantOrdinal }
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, withoutConstants(value)])) as T
}
