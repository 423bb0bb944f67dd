import { operatorSigns } from '../../ir/print-expr.ts'
import type { UnboundNode } from '../syntax.ts'
import { syntaxesOf, visit } from './analyse.ts'
import type { BindWarning } from './context.ts'

const comparisons: ReadonlySet<string> = new Set(['equal', 'not_equal', 'less', 'less_equal', 'greater', 'greater_equal'])

/** Comparisons with the constant null, which give null on every row. */
export function nullComparisons(nodes: readonly UnboundNode[]): BindWarning[] {
  const warnings: BindWarning[] = []
  for (const syntax of nodes.flatMap((node) => syntaxesOf(node.form))) {
    visit(syntax, (part) => {
      if (part.s !== 'call' || !comparisons.has(part.fn) || !part.args.some((arg) => arg.s === 'null')) return
      const asks = part.fn === 'not_equal' ? 'is not null' : 'is null'
      warnings.push({ message: `'${operatorSigns.get(part.fn)} null' is never true`, at: part.at, hint: `write ${asks}` })
    })
  }
  return warnings
}
