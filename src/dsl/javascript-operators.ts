import { planError } from '../base/errors.ts'
import { callPlace } from './call-place.ts'
import { type AnyNode, childrenOf, declarePattern, type FunctionNode, isFunction, parseFunction } from './function-syntax.ts'

/** Functions that make expressions, wherever their arguments come from. */
const makers: ReadonlySet<string> = new Set(['call', 'expr', 'lit', 'when'])
const comparisons: Readonly<Record<string, 'eq' | 'ne'>> = { '==': 'eq', '===': 'eq', '!=': 'ne', '!==': 'ne' }
const logical: Readonly<Record<string, string>> = { '&&': 'and', '||': 'or', '??': 'coalesce' }
/** Most callbacks have none of these, and are not parsed. */
const suspicious = /&&|\|\||\?|!|==|\b(?:if|while|switch)\b/
const longestFix = 100

/**
 * Refuses operators of JavaScript on expressions of the row: every expression is a truthy object, so that `a && b` would silently be `b`, and
 * `a === 1` false. Other operators throw by themselves, as they ask for a primitive value.
 *
 * Only what the text shows to come from the row is refused; the same operators on parameters and constants choose what is built.
 */
export function refuseOperators(verb: string, callback: Function): void {
  const text = Function.prototype.toString.call(callback)
  if (!suspicious.test(text)) return
  const parsed = parseFunction(text)
  if (parsed === undefined) return
  const found = findOperator(parsed.fn, rowNames(parsed.fn))
  if (found === undefined) return
  const source = { text: parsed.text, names: found.names }
  const written = sliceOf(source, found.node)
  throw planError(
    'PLAN_EXPRESSION_COERCED',
    `${signOf(found.node)} of JavaScript cannot take an expression: '${shortened(written)}' in ${verb}`,
    { at: callPlace(), hint: hintFor(source, found.node) },
  )
}

/** Names that hold the row or expressions over it. */
type Names = ReadonlySet<string>
interface Source {
  text: string
  names: Names
}

function rowNames(fn: FunctionNode): Names {
  const names = new Set<string>()
  if (fn.params.length > 0) declarePattern(fn.params[0], names)
  return names
}

function findOperator(node: AnyNode, names: Names): { node: AnyNode; names: Names } | undefined {
  if (isOperator(node, names)) return { node, names }
  let known = names
  for (const child of childrenOf(node)) {
    if (child.type === 'VariableDeclaration') known = withVariables(child, known)
    const found = findOperator(child, isFunction(child) && child !== node ? withoutParams(child, known) : known)
    if (found !== undefined) return found
  }
  return undefined
}

/** `const tall = row.height.gt(190)` holds an expression, too. */
function withVariables(declaration: AnyNode, names: Names): Names {
  const all = new Set(names)
  for (const { id, init } of declaration.declarations as AnyNode[]) {
    const declared = new Set<string>()
    declarePattern(id as AnyNode, declared)
    for (const name of declared) {
      if (init && isExpression(init as AnyNode, all)) all.add(name)
      else all.delete(name)
    }
  }
  return all
}

function withoutParams(fn: FunctionNode, names: Names): Names {
  const own = new Set<string>()
  for (const param of fn.params) declarePattern(param, own)
  return new Set([...names].filter((name) => !own.has(name)))
}

function isOperator(node: AnyNode, names: Names): boolean {
  const holds = (part: unknown): boolean => isExpression(part as AnyNode, names)
  switch (node.type) {
    case 'LogicalExpression':
      return holds(node.left)
    case 'ConditionalExpression':
    case 'IfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      return holds(node.test)
    case 'SwitchStatement':
      return holds(node.discriminant)
    case 'UnaryExpression':
      return node.operator === '!' && holds(node.argument)
    case 'BinaryExpression':
      return Object.hasOwn(comparisons, node.operator as string) && (holds(node.left) || holds(node.right))
    default:
      return false
  }
}

/** Is it an expression of the row, or was it meant to become one? */
function isExpression(node: AnyNode, names: Names): boolean {
  const holds = (part: unknown): boolean => isExpression(part as AnyNode, names)
  switch (node.type) {
    case 'Identifier':
      return names.has(node.name as string)
    case 'MemberExpression':
      return holds(node.object)
    case 'ChainExpression':
      return holds(node.expression)
    case 'CallExpression': {
      const callee = node.callee as AnyNode
      return holds(callee) || (callee.type === 'Identifier' && makers.has(callee.name as string))
    }
    case 'LogicalExpression':
      return holds(node.left) || holds(node.right)
    case 'ConditionalExpression':
      return holds(node.test) || holds(node.consequent) || holds(node.alternate)
    default:
      return isOperator(node, names)
  }
}

function signOf(node: AnyNode): string {
  switch (node.type) {
    case 'ConditionalExpression':
      return "'? :'"
    case 'IfStatement':
      return "'if'"
    case 'SwitchStatement':
      return "'switch'"
    case 'WhileStatement':
    case 'DoWhileStatement':
      return "'while'"
    default:
      return `'${node.operator}'`
  }
}

const sliceOf = ({ text }: Source, node: AnyNode): string => text.slice(node.start, node.end)

const shortened = (text: string): string => {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 60)}…` : line
}

const methods = 'conditions have .and(), .or() and .not(), values .eq(), .ne(), .isNull() and .coalesce()'

function hintFor(source: Source, node: AnyNode): string {
  if (/Statement$/.test(node.type)) return 'choose with when(condition, then, otherwise)'
  const fix = fixOf(source, node)
  return fix.length <= longestFix && !fix.includes('\n') ? `write ${fix}` : methods
}

/** The same in the words of expressions. */
function fixOf(source: Source, node: AnyNode): string {
  const fix = (part: unknown): string => fixOf(source, part as AnyNode)
  if (!isExpression(node, source.names)) return sliceOf(source, node)
  switch (node.type) {
    case 'LogicalExpression':
      return `${fix(node.left)}.${logical[node.operator as string]}(${fix(node.right)})`
    case 'ConditionalExpression':
      return `when(${fix(node.test)}, ${fix(node.consequent)}, ${fix(node.alternate)})`
    case 'UnaryExpression':
      return `${fix(node.argument)}.not()`
    case 'BinaryExpression':
      return comparisonFix(source, node)
    default:
      return sliceOf(source, node)
  }
}

function comparisonFix(source: Source, node: AnyNode): string {
  const sides = [node.left as AnyNode, node.right as AnyNode]
  const [value, other] = isExpression(sides[0], source.names) ? sides : sides.toReversed()
  const method = comparisons[node.operator as string]
  const isNothing =
    (other.type === 'Literal' && other.raw === 'null') || (other.type === 'Identifier' && other.name === 'undefined')
  if (isNothing) return `${fixOf(source, value)}.${method === 'eq' ? 'isNull' : 'isNotNull'}()`
  return `${fixOf(source, value)}.${method}(${fixOf(source, other)})`
}
