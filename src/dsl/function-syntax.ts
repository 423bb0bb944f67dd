import { type Node, parseExpressionAt } from 'acorn'

export const parseOptions = { ecmaVersion: 'latest', sourceType: 'module' } as const

export type AnyNode = Node & Record<string, unknown>
export interface FunctionNode extends AnyNode {
  params: AnyNode[]
  body: AnyNode
}

/**
 * The function that a text is the source of, and the text that its offsets count in. A method's source stands alone neither as an expression
 * nor as a statement: it is tried inside an object, then inside a class.
 */
export function parseFunction(source: string): { fn: FunctionNode; text: string } | undefined {
  for (const text of [`(${source})`, `({${source}})`, `(class{${source}})`]) {
    try {
      const fn = findFunction(parseExpressionAt(text, 0, parseOptions) as unknown as AnyNode)
      if (fn !== undefined) return { fn, text }
    } catch {
      // The next form.
    }
  }
  return undefined
}

export const isFunction = (node: AnyNode): node is FunctionNode =>
  /^(ArrowFunction|Function)Expression$/.test(node.type) || node.type === 'FunctionDeclaration'

function findFunction(node: AnyNode): FunctionNode | undefined {
  if (isFunction(node)) return node
  for (const child of childrenOf(node)) {
    const found = findFunction(child)
    if (found !== undefined) return found
  }
  return undefined
}

export function* childrenOf(node: AnyNode): Iterable<AnyNode> {
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && typeof item === 'object' && typeof (item as AnyNode).type === 'string') yield item as AnyNode
    }
  }
}

/** Adds the names that a pattern declares. */
export function declarePattern(pattern: AnyNode, declared: Set<string>): void {
  switch (pattern.type) {
    case 'Identifier':
      declared.add(pattern.name as string)
      return
    case 'ObjectPattern':
      for (const property of pattern.properties as AnyNode[])
        declarePattern((property.value ?? property.argument) as AnyNode, declared)
      return
    case 'ArrayPattern':
      for (const element of pattern.elements as (AnyNode | null)[]) if (element !== null) declarePattern(element, declared)
      return
    case 'AssignmentPattern':
      return declarePattern(pattern.left as AnyNode, declared)
    case 'RestElement':
      return declarePattern(pattern.argument as AnyNode, declared)
  }
}
