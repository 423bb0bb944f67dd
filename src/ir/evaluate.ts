import { exhaustive } from '../base/assert.ts'
import { bug, withPlace } from '../base/errors.ts'
import type { Value } from '../data/type.ts'
import type { ColumnId, Expr, FnRef } from './expr.ts'
import { findFunction } from './functions/catalogue.ts'

/** Calls a user function of an expression; given by whoever holds the live functions. */
export type CallUserFunction = (fn: FnRef, args: readonly Value[]) => Value

const noUserFunctions: CallUserFunction = (fn) => {
  throw bug(`no live function for '${fn.label}'`)
}

/**
 * The value of an expression on one row: the meaning that kernels and generated code are tested against.
 *
 * `and`, `or`, `case`, `if`, `coalesce` and `ifnull` evaluate only the arguments they need, so that `x != 0 and 1 / x > 2` never divides by zero.
 *
 * @param row - value of a column of the row.
 * @throws {@link MillraceError} `RUN_*` errors of functions, with the place of the call.
 */
export function evaluateExpr(expr: Expr, row: (column: ColumnId) => Value, user: CallUserFunction = noUserFunctions): Value {
  switch (expr.e) {
    case 'column':
      return row(expr.column)
    case 'constant':
      return expr.value
    case 'case': {
      for (const arm of expr.arms) if (evaluateExpr(arm.when, row, user) === true) return evaluateExpr(arm.then, row, user)
      return expr.else === undefined ? null : evaluateExpr(expr.else, row, user)
    }
    case 'user': {
      const args = expr.args.map((arg) => evaluateExpr(arg, row, user))
      return user(expr.fn, args)
    }
    case 'call':
      return evaluateCall(expr, (arg) => evaluateExpr(arg, row, user))
    default:
      return exhaustive(expr)
  }
}

type Call = Extract<Expr, { e: 'call' }>
type Evaluate = (arg: Expr) => Value

const lazyCalls: ReadonlyMap<string, (args: readonly Expr[], evaluate: Evaluate) => Value> = new Map([
  ['and', (args: readonly Expr[], evaluate: Evaluate) => connective(args, evaluate, false)],
  ['or', (args: readonly Expr[], evaluate: Evaluate) => connective(args, evaluate, true)],
  ['coalesce', firstNotNull],
  ['ifnull', firstNotNull],
  ['if', (args: readonly Expr[], evaluate: Evaluate) => evaluate(evaluate(args[0]) === true ? args[1] : args[2])],
])

/** Three-valued `and` (stops at false) or `or` (stops at true). */
function connective(args: readonly Expr[], evaluate: Evaluate, stop: boolean): Value {
  let unknown = false
  for (const arg of args) {
    const value = evaluate(arg)
    if (value === stop) return stop
    if (value === null) unknown = true
  }
  return unknown ? null : !stop
}

function firstNotNull(args: readonly Expr[], evaluate: Evaluate): Value {
  for (const arg of args) {
    const value = evaluate(arg)
    if (value !== null) return value
  }
  return null
}

function evaluateCall(call: Call, evaluate: Evaluate): Value {
  const lazy = lazyCalls.get(call.fn)
  if (lazy !== undefined) return lazy(call.args, evaluate)
  const fn = findFunction(call.fn)
  if (fn === undefined || fn.kind !== 'scalar') throw bug(`no scalar function '${call.fn}'`)
  const args = call.args.map(evaluate)
  if (fn.nulls === 'null-in-null-out' && args.includes(null)) return null
  try {
    return fn.evaluate(args, { args: call.args.map((arg) => arg.type), returns: call.type })
  } catch (thrown) {
    throw withPlace(thrown, call.at)
  }
}
