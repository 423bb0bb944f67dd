import type { Place } from '../base/place.ts'
import type { TextSyntax } from './expr.ts'
import type { Syntax, UnboundPlan } from './syntax.ts'

/** Does the plan hold expressions as texts? Programs without them never load the parser. */
export function hasTexts(plan: UnboundPlan): boolean {
  return plan.nodes.some((node) => contains(node.form))
}

/** Puts the parsed expressions in place of the texts. */
export function parseTexts(plan: UnboundPlan, parse: (text: string, at: Place) => Syntax): UnboundPlan {
  return { ...plan, nodes: plan.nodes.map((node) => (contains(node.form) ? { ...node, form: replace(node.form, parse) } : node)) }
}

const isText = (value: object): value is TextSyntax => (value as { s?: unknown }).s === 'text'

// Forms are plain data, so one walk serves all of them; function references hold no expressions.
function contains(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(contains)
  return isText(value) || Object.values(value).some(contains)
}

function replace<T>(value: T, parse: (text: string, at: Place) => Syntax): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => replace(item, parse)) as T
  if (isText(value)) return parse(value.text, value.at) as T
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, parse)])) as T
}
