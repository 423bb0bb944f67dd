import { createHash } from 'node:crypto'
import { tokenizer } from 'acorn'
import {
  type AnyNode,
  childrenOf,
  declarePattern,
  type FunctionNode,
  isFunction,
  parseFunction,
  parseOptions,
} from './function-syntax.ts'

/** What the source text of a function says about it. */
export interface FunctionAnalysis {
  /** Hash over the tokens: type stripping leaves blanks, so that equal programs may differ in white space. */
  sourceHash: string
  /** Fields of its first argument that it reads, when they can be listed. */
  reads: readonly string[] | 'all'
  /** Names it takes from around it, globals known to be pure left out. */
  captures: readonly string[]
  capturesKnown: boolean
  deterministic: boolean
  /** It has braces and no `return`: what it computes is lost. */
  returnsNothing: boolean
}

const unknownFunction: FunctionAnalysis = {
  sourceHash: '',
  reads: 'all',
  captures: [],
  capturesKnown: false,
  deterministic: true,
  returnsNothing: false,
}
const pureGlobals = new Set(
  'undefined NaN Infinity Math JSON String Number Boolean BigInt Array Object RegExp Map Set Date Symbol parseInt parseFloat isNaN isFinite Intl URL TextEncoder TextDecoder Uint8Array structuredClone encodeURIComponent decodeURIComponent console Error TypeError RangeError'.split(
    ' ',
  ),
)
const volatileTexts =
  /\bMath\s*\.\s*random\b|\bDate\s*\.\s*now\b|\bnew\s+Date\s*(\(\s*\)|(?![\s(]))|\bDate\s*\(\s*\)|\bperformance\s*\.\s*now\b|\bcrypto\s*\.\s*random/

/** Reads a function's source; bound and native functions and proxies give `all` and unknown captures. */
export function analyseFunction(fn: Function): FunctionAnalysis {
  const source = Function.prototype.toString.call(fn)
  if (source.includes('[native code]')) return unknownFunction
  const parsed = parseFunction(source)
  if (parsed === undefined) return { ...unknownFunction, sourceHash: hashText(source) }
  const scope = freeNames(parsed.fn)
  return {
    sourceHash: hashTokens(source),
    reads: readsOf(parsed.fn),
    captures: scope.filter((name) => !pureGlobals.has(name)),
    capturesKnown: true,
    deterministic: !volatileTexts.test(source),
    returnsNothing: returnsNothing(parsed.fn),
  }
}

function returnsNothing({ body, generator, async }: FunctionNode): boolean {
  const ends = (node: AnyNode): boolean =>
    node.type === 'ReturnStatement' || node.type === 'ThrowStatement' || (!isFunction(node) && [...childrenOf(node)].some(ends))
  return body.type === 'BlockStatement' && generator !== true && async !== true && !ends(body)
}

function readsOf(fn: FunctionNode): readonly string[] | 'all' {
  const [first, ...others] = fn.params
  // Defaults of further parameters see the first one, and count: nobody gives those parameters.
  const code = [...others, fn.body]
  if (code.some((part) => usesName(part, 'arguments') || usesName(part, 'eval'))) return 'all'
  if (first === undefined) return []
  if (first.type === 'ObjectPattern') return patternFields(first)
  if (first.type !== 'Identifier') return 'all'
  return memberFields(code, first.name as string)
}

/** Fields of a destructured parameter; a rest element or a computed key reads all. */
function patternFields(pattern: AnyNode): readonly string[] | 'all' {
  const fields: string[] = []
  for (const property of pattern.properties as AnyNode[]) {
    if (property.type !== 'Property' || property.computed) return 'all'
    const key = property.key as AnyNode
    fields.push(String(key.type === 'Identifier' ? key.name : key.value))
  }
  return fields
}

/** Fields read as `row.field`; any other use of the name (whole, computed, assigned) reads all. */
function memberFields(code: readonly AnyNode[], name: string): readonly string[] | 'all' {
  const fields = new Set<string>()
  const visit = (node: AnyNode, parent: AnyNode | undefined): boolean => {
    if (node.type === 'Identifier' && node.name === name) return isPlainKey(node, parent)
    if (node.type === 'MemberExpression') {
      const object = node.object as AnyNode
      if (object.type === 'Identifier' && object.name === name) {
        const written =
          parent !== undefined &&
          ((parent.type === 'AssignmentExpression' && parent.left === node) || parent.type === 'UpdateExpression')
        const deleted = parent?.type === 'UnaryExpression' && parent.operator === 'delete'
        const called = parent?.type === 'CallExpression' && parent.callee === node
        if (node.computed || written || deleted || called) return false
        fields.add((node.property as AnyNode).name as string)
        return true
      }
    }
    for (const child of childrenOf(node)) if (!visit(child, node)) return false
    return true
  }
  return code.every((part) => visit(part, undefined)) ? [...fields] : 'all'
}

// `name` as a property key or member name is no use of the variable.
function isPlainKey(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent?.type === 'MemberExpression') return parent.property === node && !parent.computed
  if (parent?.type === 'Property') return parent.key === node && !parent.computed && parent.shorthand !== true
  return false
}

function usesName(node: AnyNode, name: string): boolean {
  if (node.type === 'Identifier' && node.name === name) return true
  for (const child of childrenOf(node)) if (usesName(child, name)) return true
  return false
}

/** Names used and not declared anywhere inside: without block scopes, so a name declared in one place counts as declared in all. */
function freeNames(fn: FunctionNode): string[] {
  const used = new Set<string>()
  const declared = new Set<string>(['arguments'])
  const visit = (node: AnyNode, parent: AnyNode | undefined): void => {
    if (node.type === 'ThisExpression') used.add('this')
    if (node.type === 'Identifier' && !isPlainKey(node, parent)) used.add(node.name as string)
    if (node.type === 'VariableDeclarator') declarePattern(node.id as AnyNode, declared)
    if (node.type === 'CatchClause' && node.param) declarePattern(node.param as AnyNode, declared)
    if (isFunction(node)) for (const param of node.params) declarePattern(param, declared)
    if ((isFunction(node) || node.type === 'ClassDeclaration') && node.id) declared.add((node.id as AnyNode).name as string)
    for (const child of childrenOf(node)) visit(child, node)
  }
  visit(fn, undefined)
  return [...used].filter((name) => !declared.has(name)).sort()
}

function hashTokens(source: string): string {
  try {
    return hashText([...tokenizer(source, parseOptions)].map((token) => source.slice(token.start, token.end)).join(' '))
  } catch {
    // A method's source may not tokenise on its own as an expression would (regular expressions); the text then has to do.
    return hashText(source)
  }
}

const hashText = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)
