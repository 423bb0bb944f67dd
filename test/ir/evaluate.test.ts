import { describe, expect, it } from 'vitest'
import { type Type, types, type Value } from '../../src/data/type.ts'
import { evaluateExpr } from '../../src/ir/evaluate.ts'
import type { Expr, FnRef } from '../../src/ir/expr.ts'
import { constantLike, foldConstant, isConstant } from '../../src/ir/fold.ts'

const constant = (value: Value, type: Type = types.int64): Expr => ({ e: 'constant', value, type, nullable: value === null })
const truth = (value: boolean | null): Expr => constant(value, types.bool)
const column = (id: number, type: Type = types.int64): Expr => ({ e: 'column', column: id, type, nullable: true })
const call = (fn: string, type: Type, ...args: Expr[]): Expr => ({
  e: 'call',
  fn,
  args,
  type,
  nullable: true,
  at: { file: 'x.flow', line: 3, column: 1 },
})
const divide = (a: number, b: number): Expr =>
  call('divide', types.float64, constant(a, types.float64), constant(b, types.float64))
const none = () => null

describe('evaluateExpr', () => {
  it('follows three-valued logic', () => {
    const values = [true, false, null]
    const table = (fn: string) =>
      values.map((a) => values.map((b) => evaluateExpr(call(fn, types.bool, truth(a), truth(b)), none)))
    expect(table('and')).toEqual([
      [true, false, null],
      [false, false, false],
      [null, false, null],
    ])
    expect(table('or')).toEqual([
      [true, true, true],
      [true, false, null],
      [true, null, null],
    ])
  })

  it('evaluates no more than it needs', () => {
    const fails = call('greater', types.bool, divide(1, 0), constant(0, types.float64))
    expect(evaluateExpr(call('and', types.bool, truth(false), fails), none)).toBe(false)
    expect(evaluateExpr(call('or', types.bool, truth(true), fails), none)).toBe(true)
    expect(evaluateExpr(call('coalesce', types.float64, constant(1, types.float64), divide(1, 0)), none)).toBe(1)
    expect(evaluateExpr(call('if', types.float64, truth(null), divide(1, 0), constant(2, types.float64)), none)).toBe(2)
    const arms = [
      { when: truth(false), then: divide(1, 0) },
      { when: truth(null), then: divide(1, 0) },
      { when: truth(true), then: constant(3) },
    ]
    expect(evaluateExpr({ e: 'case', arms, else: divide(1, 0), type: types.int64, nullable: false }, none)).toBe(3)
    expect(evaluateExpr({ e: 'case', arms: [], type: types.int64, nullable: true }, none)).toBeNull()
  })

  it('gives null for a null argument without calling the function', () => {
    expect(
      evaluateExpr(call('divide', types.float64, constant(null, types.float64), constant(0, types.float64)), none),
    ).toBeNull()
  })

  it('reads columns and calls user functions', () => {
    const fn = { label: 'f' } as FnRef
    const expr: Expr = { e: 'user', fn, args: [column(7)], type: types.int64, nullable: true }
    expect(
      evaluateExpr(
        expr,
        (id) => id * 2,
        (_, [value]) => Number(value) + 1,
      ),
    ).toBe(15)
  })

  it('gives errors the place of the call', () => {
    expect(() => evaluateExpr(divide(1, 0), none)).toThrow(
      expect.objectContaining({
        code: 'RUN_DIVISION_BY_ZERO',
        details: expect.objectContaining({ at: { file: 'x.flow', line: 3, column: 1 } }),
      }),
    )
  })
})

describe('foldConstant', () => {
  it('computes what no row can change', () => {
    expect(foldConstant(call('add', types.int64, constant(1), constant(2)))).toBe(3)
    expect(foldConstant(constant(null))).toBeNull()
    expect(constantLike(divide(1, 2), 0.5)).toMatchObject({ e: 'constant', value: 0.5, type: types.float64, nullable: false })
  })

  it('leaves what reads a row or calls a user function', () => {
    expect(foldConstant(column(1))).toBeUndefined()
    expect(isConstant({ e: 'user', fn: { label: 'f' } as FnRef, args: [], type: types.int64, nullable: true })).toBe(false)
  })

  it('leaves an error to the rows that reach it', () => {
    expect(foldConstant(divide(1, 0))).toBeUndefined()
  })
})
