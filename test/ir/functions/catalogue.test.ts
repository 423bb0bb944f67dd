import { describe, expect, it } from 'vitest'
import { formatType, type Type, types } from '../../../src/data/type.ts'
import { type Argument, findFunction, functionNames, resolveCall, resultNullable } from '../../../src/ir/functions/catalogue.ts'
import type { ScalarFunction } from '../../../src/ir/functions/define.ts'

const { int64, float64, string, date, timestamp, array, struct, js } = types
const column = (type: Type): Argument => ({ type })
const int: Argument = { type: int64, literal: 'int' }
const decimal: Argument = { type: float64, literal: 'decimal' }
const text: Argument = { type: string, literal: 'string' }
const nothing: Argument = { type: 'null' }

function resolve(name: string, ...args: readonly Argument[]): string | undefined {
  const fn = findFunction(name)
  if (fn === undefined) throw new Error(`no function ${name}`)
  const found = resolveCall(fn, args)
  return found && `(${found.args.map(formatType).join(', ')}) ${formatType(found.returns)}`
}

describe('resolveCall', () => {
  it('takes the signature with the fewest coercions', () => {
    expect(resolve('sum', column(int64))).toBe('(int64) int64')
    expect(resolve('add', column(int64), column(float64))).toBe('(float64, float64) float64')
    expect(resolve('add', column(date), column(int64))).toBe('(date, int64) date')
    expect(resolve('divide', column(int64), column(int64))).toBe('(float64, float64) float64')
    expect(resolve('concat', column(array(int64)), column(array(int64)))).toBe('(array<int64>, array<int64>) array<int64>')
  })

  it('lets literals take the type of the other operand', () => {
    expect(resolve('add', column(float64), int)).toBe('(float64, float64) float64')
    expect(resolve('multiply', column(int64), decimal)).toBe('(float64, float64) float64')
    expect(resolve('less', column(date), text)).toBe('(date, date) bool')
    expect(resolve('equal', text, column(timestamp))).toBe('(timestamp, timestamp) bool')
    expect(resolve('in', column(date), text, text)).toBe('(date, date, date) bool')
    expect(resolve('array', int, decimal)).toBe('(float64, float64) array<float64>')
    expect(resolve('less', text, text)).toBe('(string, string) bool')
    expect(resolve('coalesce', nothing, column(string))).toBe('(string, string) string')
    expect(resolve('equal', nothing, nothing)).toBe('(int64, int64) bool')
  })

  it('never turns text into numbers, nor floats into integers', () => {
    expect(resolve('less', column(string), int)).toBeUndefined()
    expect(resolve('equal', column(int64), text)).toBeUndefined()
    expect(resolve('substr', column(string), decimal)).toBeUndefined()
    expect(resolve('mod', column(float64), int)).toBeUndefined()
    expect(resolve('less', column(date), column(timestamp))).toBeUndefined()
  })

  it('knows how many arguments there may be', () => {
    expect(resolve('substr', column(string), int)).toBe('(string, int64) string')
    expect(resolve('substr', column(string))).toBeUndefined()
    expect(resolve('substr', column(string), int, int, int)).toBeUndefined()
    expect(resolve('count')).toBe('() int64')
  })

  it('joins what may be null in arrays and structs', () => {
    const pointOf = (nullable: boolean) => struct([{ name: 'x', type: array(int64, nullable), nullable }])
    const found = resolveCall(findFunction('coalesce') as ScalarFunction, [column(pointOf(false)), column(pointOf(true))])
    expect(found?.returns).toEqual(pointOf(true))
  })

  it('keeps opaque values out of all but tests for null and counts', () => {
    expect(resolve('count', column(js))).toBe('(js) int64')
    expect(resolve('is_null', column(js))).toBe('(js) bool')
    expect(resolve('equal', column(js), column(js))).toBeUndefined()
    expect(resolve('min', column(js))).toBeUndefined()
  })
})

describe('resultNullable', () => {
  const nullable = (name: string, type: Type, ...args: readonly boolean[]): boolean =>
    resultNullable(
      findFunction(name) as ScalarFunction,
      args.map(() => type),
      args,
    )

  it('follows the arguments, unless the function has rules of its own', () => {
    expect(nullable('add', int64, false, false)).toBe(false)
    expect(nullable('add', int64, true, false)).toBe(true)
    expect(nullable('coalesce', int64, true, false)).toBe(false)
    expect(nullable('coalesce', int64, true, true)).toBe(true)
    expect(nullable('is_null', int64, true)).toBe(false)
    expect(nullable('nullif', int64, false, false)).toBe(true)
    expect(nullable('equal', array(int64, false), false, false)).toBe(false)
    expect(nullable('equal', array(int64, true), false, false)).toBe(true)
  })
})

describe('the catalogue', () => {
  it('finds functions in any case and suggests those that have names', () => {
    expect(findFunction('SUBSTR')?.name).toBe('substr')
    expect(findFunction('nope')).toBeUndefined()
    expect(functionNames()).toContain('regexp_extract')
    expect(functionNames()).not.toContain('less_equal')
  })

  it('has one function a name, each with a summary of one sentence', () => {
    const names = functionNames()
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(findFunction(name)?.summary, name).toMatch(/^[A-Z].*[.?]$/i)
  })
})
