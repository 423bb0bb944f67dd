import { withPlace } from '../../base/errors.ts'
import type { Value } from '../../data/type.ts'
import { type CallUserFunction, evaluateExpr } from '../../ir/evaluate.ts'
import type { Expr } from '../../ir/expr.ts'
import { findFunction } from '../../ir/functions/catalogue.ts'
import { findKernel } from '../kernels/index.ts'
import { anyNull, blankOf, bytesOf, type Code, constantCode, fromValue, isText, nullCode, plain, plainOf } from './code.ts'
import type { Emitter } from './emitter.ts'
import { assignBytes, declareBytes } from './kernel.ts'
import type { Slot } from './slot.ts'

/** What expressions need beside the row. */
export interface ExpressionScope {
  row: readonly Slot[]
  user: CallUserFunction
}

/** Writes the code that computes an expression on the current row. */
export function compileExpr(em: Emitter, expr: Expr, scope: ExpressionScope): Code {
  switch (expr.e) {
    case 'column':
      return scope.row[expr.column].load(em)
    case 'constant':
      return constantCode(em, expr.type, expr.value)
    case 'case':
      return compileCase(em, expr, scope)
    case 'user':
      return compileSlow(
        em,
        expr,
        expr.args.map((arg) => compileExpr(em, arg, scope)),
        scope.user,
        'custom',
      )
    case 'call':
      return compileCall(em, expr, scope)
  }
}

/** A JavaScript condition that is true when the expression is true, neither false nor null. */
export function compileCondition(em: Emitter, expr: Expr, scope: ExpressionScope): string {
  const code = compileExpr(em, expr, scope)
  if (code.isNull === 'true' || code.rep !== 'plain') return 'false'
  return code.isNull === 'false' ? code.value : `!${code.isNull} && ${code.value}`
}

type CallExpr = Extract<Expr, { e: 'call' }>

function compileCall(em: Emitter, expr: CallExpr, scope: ExpressionScope): Code {
  switch (expr.fn) {
    case 'and':
    case 'or':
      return compileConnective(em, expr, scope)
    case 'coalesce':
    case 'ifnull':
      return compileFirst(em, expr, scope)
    case 'if': {
      const [when, then, other] = expr.args
      return compileCase(em, { ...expr, e: 'case', arms: [{ when, then }], else: other }, scope)
    }
  }
  const args = expr.args.map((arg) => compileExpr(em, arg, scope))
  const fn = findFunction(expr.fn)
  const nulls = fn?.kind === 'scalar' ? fn.nulls : 'custom'
  const slow = em.constant(slowCall(expr, scope.user))
  return (
    findKernel(expr.fn)?.(em, { type: expr.type, args, exprs: expr.args, slow }) ?? compileSlow(em, expr, args, scope.user, nulls)
  )
}

/** The call with its arguments as columns 0, 1, …: what runs for values that generated code leaves alone. */
function slowCall(expr: CallExpr | Extract<Expr, { e: 'user' }>, user: CallUserFunction): (...args: Value[]) => Value {
  const call: Expr = {
    ...expr,
    args: expr.args.map((arg, i): Expr => ({ type: arg.type, nullable: arg.nullable, e: 'column', column: i })),
  }
  return (...args) => {
    try {
      return evaluateExpr(call, (column) => args[column], user)
    } catch (thrown) {
      throw withPlace(thrown, expr.at)
    }
  }
}

function compileSlow(
  em: Emitter,
  expr: CallExpr | Extract<Expr, { e: 'user' }>,
  args: readonly Code[],
  user: CallUserFunction,
  nulls: 'null-in-null-out' | 'custom',
): Code {
  const isNull = nulls === 'custom' ? 'false' : anyNull(args)
  if (isNull === 'true') return nullCode(em, expr.type)
  const slow = em.constant(slowCall(expr, user))
  const call = (): string => `${slow}(${args.map((arg) => plainOf(em, arg)).join(', ')})`
  if (isNull === 'false') return fromValue(em, expr.type, em.define('r', call()))
  const result = em.name('r')
  em.line(`let ${result} = null`)
  em.block(`if (!(${isNull}))`, () => em.line(`${result} = ${call()}`))
  return fromValue(em, expr.type, result)
}

/** Three-valued `and`, `or`: arguments are evaluated until one decides. */
function compileConnective(em: Emitter, expr: CallExpr, scope: ExpressionScope): Code {
  const value = em.name('v')
  const unknown = em.name('n')
  const label = em.name('l')
  const isAnd = expr.fn === 'and'
  let nullable = false
  em.line(`let ${value} = ${isAnd}, ${unknown} = false`)
  em.block(`${label}:`, () => {
    for (const arg of expr.args) {
      const code = compileExpr(em, arg, scope)
      if (code.rep !== 'plain') continue
      const decides = isAnd ? `!${code.value}` : code.value
      const stop = `{ ${value} = ${!isAnd}; ${unknown} = false; break ${label} }`
      if (code.isNull === 'false') em.line(`if (${decides}) ${stop}`)
      else {
        nullable = true
        em.line(`if (${code.isNull}) ${unknown} = true`)
        em.line(`else if (${decides}) ${stop}`)
      }
    }
  })
  return plain(expr.type, value, nullable ? unknown : 'false')
}

function compileCase(em: Emitter, expr: Extract<Expr, { e: 'case' }>, scope: ExpressionScope): Code {
  return join(em, expr, (assign) => {
    const label = em.name('l')
    em.block(`${label}:`, () => {
      for (const arm of expr.arms) {
        const condition = compileCondition(em, arm.when, scope)
        em.block(`if (${condition})`, () => {
          assign(compileExpr(em, arm.then, scope))
          em.line(`break ${label}`)
        })
      }
      if (expr.else !== undefined) assign(compileExpr(em, expr.else, scope))
    })
  })
}

/** coalesce: the first argument that is not null. */
function compileFirst(em: Emitter, expr: CallExpr, scope: ExpressionScope): Code {
  return join(em, expr, (assign) => {
    const label = em.name('l')
    em.block(`${label}:`, () => {
      for (const arg of expr.args) {
        const code = compileExpr(em, arg, scope)
        if (code.isNull === 'true') continue
        em.block(code.isNull === 'false' ? '' : `if (!${code.isNull})`, () => {
          assign(code)
          em.line(`break ${label}`)
        })
        if (code.isNull === 'false') break
      }
    })
  })
}

/** A value that several branches assign; null where none does. */
function join(em: Emitter, expr: Expr, branches: (assign: (code: Code) => void) => void): Code {
  const isNull = em.name('n')
  em.line(`let ${isNull} = true`)
  const { type } = expr
  if (isText(type)) {
    const result = declareBytes(em, type, isNull)
    branches((code) => {
      if (code.isNull === 'true') return
      assignBytes(em, result, bytesOf(em, code))
      em.line(`${isNull} = ${code.isNull}`)
    })
    return result
  }
  const value = em.name('v')
  em.line(`let ${value} = ${blankOf(type)}`)
  branches((code) => {
    if (code.isNull === 'true') return
    em.line(`${value} = ${code.rep === 'plain' ? code.value : plainOf(em, code)}`)
    em.line(`${isNull} = ${code.isNull}`)
  })
  return plain(type, value, isNull)
}
