import { describe, expect, it } from 'vitest'
import { type Type, types } from '../../src/data/type.ts'
import type { Expr } from '../../src/ir/expr.ts'
import { callsOf, functionsOf, sameExpr } from '../../src/planner/expressions.ts'
import { call, lit } from './build.ts'

const nothing = (type: Type): Expr => ({ e: 'constant', value: null, type, nullable: true })

describe('sameExpr', () => {
  it('takes expressions of one form and type for the same', () => {
    expect(sameExpr(call('add', lit(1), lit(2)), call('add', lit(1), lit(2)))).toBe(true)
    expect(sameExpr(call('add', lit(1), lit(2)), call('add', lit(2), lit(1)))).toBe(false)
  })

  it('looks at the whole type, not at its kind alone', () => {
    expect(sameExpr(nothing(types.array(types.int64)), nothing(types.array(types.int64)))).toBe(true)
    expect(sameExpr(nothing(types.array(types.int64)), nothing(types.array(types.string)))).toBe(false)
  })
})

it('lists what expressions call, the outer call first', () => {
  const exprs = [call('add', call('negate', lit(1)), lit(2)), lit(3)]
  expect(callsOf(exprs)).toEqual(['add', 'negate'])
  expect(functionsOf(exprs)).toEqual([])
})
