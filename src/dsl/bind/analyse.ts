import type { Syntax, UnboundForm, UnboundNode, UnboundPlan } from '../syntax.ts'

/** Nodes that an output or a write needs; the rest of the program is not bound. */
export function reachableNodes({ nodes, outputs }: UnboundPlan): Set<number> {
  const reachable = new Set(outputs.map((output) => output.port.node))
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]
    if (node.form.u === 'sink') reachable.add(node.id)
    if (reachable.has(node.id)) for (const port of node.inputs) reachable.add(port.node)
  }
  return reachable
}

/**
 * Nodes whose column types something needs: relational operators, exchanges, writes and the caller. Between closures alone values stay as they are.
 * A filter passes its rows on, so it needs what its consumers need.
 */
export function typeNeeds({ nodes, outputs }: UnboundPlan): Set<number> {
  const needed = new Set(outputs.map((output) => output.port.node))
  for (let i = nodes.length - 1; i >= 0; i--) {
    const { id, form, inputs } = nodes[i]
    const passes = form.u === 'as' || (form.u === 'parallelDo' && form.shape === 'filter')
    if (passes ? needed.has(id) : form.u !== 'parallelDo') for (const port of inputs) needed.add(port.node)
  }
  return needed
}

/** `t.x` and `t.*` of the whole program in lower case, with the place in build order of the last node that has them. */
export function mentionedColumns(nodes: readonly UnboundNode[]): Map<string, number> {
  const mentioned = new Map<string, number>()
  nodes.forEach(({ form }, place) => {
    const stars =
      'items' in form
        ? form.items.flatMap((item) => ('item' in item && item.item === 'star' && item.of !== undefined ? [item.of] : []))
        : []
    for (const of of stars) mentioned.set(`${of}.*`.toLowerCase(), place)
    for (const syntax of syntaxesOf(form)) {
      visit(syntax, (part) => {
        if (part.s === 'field' && part.of.s === 'name') mentioned.set(`${part.of.name}.${part.name}`.toLowerCase(), place)
      })
    }
  })
  return mentioned
}

/** The expressions of a node over its input row. */
export function syntaxesOf(form: UnboundForm): Syntax[] {
  switch (form.u) {
    case 'where':
      return [form.predicate]
    case 'select':
    case 'extend':
      return form.items.flatMap(itemSyntaxes)
    case 'aggregate':
      return [...form.items, ...form.by].flatMap(itemSyntaxes)
    case 'set':
      return form.items.map((item) => item.value)
    case 'join':
      return form.on === undefined ? [] : [form.on]
    case 'unnest':
      return [form.value]
    case 'orderBy':
      return form.keys.map((key) => key.value)
    default:
      return []
  }
}

type Item = Extract<UnboundForm, { u: 'select' }>['items'][number]

const itemSyntaxes = (item: Item): Syntax[] => (item.item === 'expr' ? [item.value] : item.replace.map((part) => part.value))

/** Calls `action` with an expression and all its parts. */
export function visit(syntax: Syntax, action: (part: Syntax) => void): void {
  action(syntax)
  for (const part of partsOf(syntax)) visit(part, action)
}

function partsOf(syntax: Syntax): readonly Syntax[] {
  switch (syntax.s) {
    case 'field':
      return [syntax.of]
    case 'index':
      return [syntax.of, syntax.index]
    case 'call':
      return [
        ...syntax.args,
        ...syntax.named.map((argument) => argument.value),
        ...(syntax.where === undefined ? [] : [syntax.where]),
      ]
    case 'cast':
      return [syntax.value]
    case 'case':
      return [syntax.operand, ...syntax.arms.flatMap((arm) => [arm.when, arm.then]), syntax.else].filter(
        (part) => part !== undefined,
      )
    case 'array':
      return syntax.items
    case 'struct':
      return syntax.fields.map((field) => field.value)
    case 'between':
      return [syntax.value, syntax.low, syntax.high]
    case 'in':
      return [syntax.value, ...syntax.list]
    default:
      return []
  }
}
