import { suggest } from '../base/did-you-mean.ts'
import { Expr } from './expr.ts'
import { PCollection, PTable } from './pcollection.ts'
import { PipelineContext } from './pipeline.ts'

const verbsOf = (made: { prototype: object }): string[] =>
  Object.getOwnPropertyNames(made.prototype).filter((name) => name !== 'constructor')

/** A hint for JavaScript's `x.name is not a function`, when the name is, or is near, a verb of a collection or an expression. */
export function verbHint(message: string): string | undefined {
  const name = /\.(\w+) is not a function/.exec(message)?.[1]
  if (name === undefined) return undefined
  const [rows, pairs] = [verbsOf(PCollection), verbsOf(PTable)]
  if (pairs.includes(name) && !rows.includes(name)) return `collections made by keyBy have '${name}'`
  if (rows.includes(name)) return `collections of rows have '${name}', those made by keyBy do not: map the pairs first`
  return suggest(name, [...rows, ...pairs, ...verbsOf(Expr), ...verbsOf(PipelineContext)])
}
