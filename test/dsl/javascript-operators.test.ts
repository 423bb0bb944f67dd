import { describe, expect, it } from 'vitest'
import { count, lit, MillraceError, scratch, sum, when } from '../../src/index.ts'

// Programs run without a compiler, so that anything may be given.
// biome-ignore lint/suspicious/noExplicitAny: what these tests are about
type Any = any

const rows: Any = scratch().of([{ id: 1, age: 41, name: 'Ann' }])

function complaint(build: () => unknown): string | undefined {
  try {
    build()
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof MillraceError)) throw thrown
    expect(thrown.code).toBe('PLAN_EXPRESSION_COERCED')
    expect(thrown.details.at?.file).toMatch(/javascript-operators\.test\.ts$/)
    return `${thrown.message} | ${thrown.details.hint}`
  }
}
const inWhere = (predicate: (row: Any) => Any): string | undefined => complaint(() => rows.where(predicate))

/** From text, as a linter would write some of the operators otherwise. */
const from = (text: string): ((row: Any) => Any) => new Function('when', `return ${text}`)(when)

describe('operators of JavaScript on expressions are refused, with what to write', () => {
  it.each<[string, string]>([
    ['r => r.age.gt(40) && r.id.gt(1)', 'r.age.gt(40).and(r.id.gt(1))'],
    ['r => r.age.gt(40) || r.id.gt(1) || r.id.lt(0)', 'r.age.gt(40).or(r.id.gt(1)).or(r.id.lt(0))'],
    ['r => r.age === 1', 'r.age.eq(1)'],
    ['r => 1 !== r.age', 'r.age.ne(1)'],
    ['r => r.age == null', 'r.age.isNull()'],
    ['r => r.age !== undefined', 'r.age.isNotNull()'],
    ['r => !r.age.gt(40)', 'r.age.gt(40).not()'],
    ['r => r.age === 1 && !r.id.gt(1)', 'r.age.eq(1).and(r.id.gt(1).not())'],
    ['r => (r.age ?? 0).gt(1)', 'r.age.coalesce(0)'],
    ['r => (r.age.gt(40) ? r.id : r.age).gt(1)', 'when(r.age.gt(40), r.id, r.age)'],
    ['({ age, id }) => age.gt(40) && id.gt(1)', 'age.gt(40).and(id.gt(1))'],
    ['r => { const old = r.age.gt(40); return old && r.id.gt(1) }', 'old.and(r.id.gt(1))'],
    ['r => when(r.age.gt(1), r.id, 2) || 1', 'when(r.age.gt(1), r.id, 2).or(1)'],
    ['function (r) { return r.age?.gt(1) && r.id }', 'r.age?.gt(1).and(r.id)'],
    ['r => { if (r.age.gt(40)) return r.id.gt(1); return r.id.gt(2) }', 'when('],
    ['r => { switch (r.name) { case "Ann": return r.id.gt(1) } return r.id.gt(2) }', 'when('],
  ])('%s', (text, fix) => {
    expect(inWhere(from(text))).toContain(fix)
  })

  it('names the operator, its text and the verb', () => {
    expect(inWhere((r) => r.age.gt(40) && r.id.gt(1))).toBe(
      "'&&' of JavaScript cannot take an expression: 'r.age.gt(40) && r.id.gt(1)' in where | write r.age.gt(40).and(r.id.gt(1))",
    )
  })
  it.each<[string, (row: Any) => Any]>([
    ['select', (r) => ({ n: r.age ?? 0 })],
    ['extend', (r) => ({ n: r.age === 1 })],
    ['set', (r) => ({ age: r.age || 0 })],
    ['aggregate', (r) => ({ n: sum(r.age ?? 0) })],
    ['unnest', (r) => r.tags ?? []],
  ])('in %s', (verb, callback) => {
    expect(complaint(() => rows[verb](callback, ...(verb === 'unnest' ? [{ as: 'x' }] : [])))).toContain(`in ${verb}`)
  })
  it('in the columns of a group', () => {
    expect(complaint(() => rows.aggregate({ n: count() }, { by: (r: Any) => ({ old: r.age === 1 }) }))).toContain('in by')
  })
  it('and what they make of expressions that the text does not show', () => {
    const isOne = (value: unknown): boolean => value === 1
    expect(inWhere((r) => isOne(r.age))).toBe(
      'the callback of where must return an expression, found the boolean false | conditions are made by methods: row.price.eq(1), not row.price === 1; one that is the same on every row is lit(false)',
    )
  })
})

describe('operators on plain values choose what is built', () => {
  const limit: number | undefined = undefined
  const onlyOld = true
  it.each<[string, (row: Any) => Any]>([
    ['a constant in ? :', (r) => (onlyOld ? r.age.gt(40) : r.id.gt(1))],
    ['a constant before ??', (r) => r.age.gt(limit ?? 40)],
    ['a constant before &&', (r) => onlyOld && r.age.gt(40)],
    ['a comparison of constants', (r) => r.age.gt(limit === undefined ? 1 : 2)],
    ['an inner function with a parameter of the same name', (r) => r.age.isIn([1, 2].filter((r) => r !== 2 && !(r === 3)))],
    ['a plain variable', (r) => ((wide) => (wide ? r.age.gt(1) : r.age.gt(2)))(onlyOld)],
    ['a constant condition', () => lit(true)],
  ])('%s', (_, predicate) => {
    expect(inWhere(predicate)).toBeUndefined()
  })
})
