import { describe, expect, it } from 'vitest'
import { type Type, types, type Value } from '../../src/data/type.ts'
import type { Expr } from '../../src/ir/expr.ts'
import type { LogicalNode, Plan } from '../../src/ir/logical.ts'
import { printPlan } from '../../src/ir/print.ts'
import { printExpr, printSortKey, printValue } from '../../src/ir/print-expr.ts'

const column = (id: number, type: Type = types.int64): Expr => ({ e: 'column', column: id, type, nullable: false })
const constant = (value: Value, type: Type = types.int64): Expr => ({ e: 'constant', value, type, nullable: false })
const call = (fn: string, type: Type, ...args: Expr[]): Expr => ({ e: 'call', fn, args, type, nullable: false })

describe('printExpr', () => {
  it('spells operators as text does, in parentheses', () => {
    const sum = call('add', types.int64, column(1), constant(2))
    expect(printExpr(call('less', types.bool, sum, call('negate', types.int64, column(2))))).toBe('((#1 + 2) < -#2)')
    expect(printExpr(call('not', types.bool, call('is_null', types.bool, column(1))))).toBe('not (#1 is null)')
    expect(printExpr(call('in', types.bool, column(1), constant(1), constant(2)))).toBe('(#1 in (1, 2))')
    expect(printExpr(call('lower', types.string, column(1)), (id) => `c${id}`)).toBe('lower(c1)')
  })

  it('shows where nulls go when that is not the default', () => {
    const key = (desc: boolean, nullsFirst: boolean) => printSortKey({ expr: column(1), desc, nullsFirst })
    expect([key(false, true), key(true, false), key(false, false), key(true, true)]).toEqual([
      '#1',
      '#1 desc',
      '#1 nulls last',
      '#1 desc nulls first',
    ])
  })
})

describe('printValue', () => {
  it('shows values by their type', () => {
    expect(printValue(1, types.date)).toBe("date '1970-01-02'")
    expect(printValue(1_500_000, types.timestamp)).toBe("timestamp '1970-01-01T00:00:01.500000Z'")
    expect(printValue([1, null], types.array(types.date))).toBe("[date '1970-01-02', null]")
    expect(printValue({ a: 1, b: new Uint8Array([255]) })).toBe("{a: 1, b: x'ff'}")
    expect(printValue("it's\n")).toBe("'it\\'s\\n'")
    expect(printValue('x'.repeat(100))).toHaveLength(63)
  })

  it('shows any number as a timestamp without failing', () => {
    expect(() => printValue(2n ** 63n - 1n, types.timestamp)).not.toThrow()
  })
})

describe('printPlan', () => {
  it('spells a shared node out once', () => {
    const at = { file: '', line: 0, column: 0 }
    const output = {
      name: '',
      fields: [{ name: 'a', column: 0, type: types.int64, nullable: true }],
      element: false,
      changes: 'zset',
      order: 'source',
    } as const
    const base = { at, origin: [], hints: {}, outputs: [output] }
    const by = [{ expr: column(0), desc: true, nullsFirst: false }]
    const nodes: LogicalNode[] = [
      { ...base, id: 0, inputs: [], op: 'values', rows: [[1]] },
      {
        ...base,
        id: 1,
        inputs: [{ node: 0, out: 0 }],
        op: 'topK',
        by,
        count: 3,
        offset: 1,
        outputs: [{ ...output, changes: 'insertOnly', order: { sorted: by } }],
      },
      { ...base, id: 2, inputs: [{ node: 0, out: 0 }], op: 'sink', connector: 'csv', options: { path: 'x.csv' }, outputs: [] },
    ]
    const plan: Plan = {
      version: 1,
      nodes,
      outputs: [{ name: 'best', port: { node: 1, out: 0 } }],
      params: {},
      fns: [],
      hashSeed: 1,
      nextColumn: 1,
      nextNode: 3,
      parallelism: 8,
    }
    expect(printPlan(plan)).toMatchInlineSnapshot(`
      "output best
        1 topK a#0 desc limit 3 offset 1 → [a#0 int64?] sorted a#0 desc
          0 values 1 rows → [a#0 int64?] in source order with retractions
      2 sink csv {path: 'x.csv'}
        0 (above)"
    `)
  })
})
