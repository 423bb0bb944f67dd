import { describe, expect, it } from 'vitest'
import { formatType, types } from '../../../src/data/type.ts'
import { inferRow } from '../../../src/dsl/bind/infer-type.ts'

function inferred(...values: unknown[]): string {
  const row = inferRow(values)
  if ('problem' in row) return row.problem
  if (row.element) return `${formatType(row.type)}${row.nullable ? '?' : ''}`
  return row.fields.map((field) => `${field.name} ${formatType(field.type)}${field.nullable ? '?' : ''}`).join(', ')
}

describe('inferRow', () => {
  it('gives each kind of value its type', () => {
    expect(inferred(1, 2.5)).toBe('float64')
    expect(inferred(1n)).toBe('int64')
    expect(inferred('a')).toBe('string')
    expect(inferred(true, false)).toBe('bool')
    expect(inferred(new Date())).toBe('timestamp')
    expect(inferred(new Uint8Array(1), Buffer.from('x'))).toBe('bytes')
    expect(inferred([1], [], [null])).toBe('array<float64>')
  })

  it('has no type for a value that holds itself', () => {
    const object: Record<string, unknown> = { a: 1 }
    object.self = object
    const array: unknown[] = []
    array.push(array)
    const problem = 'it returned values nested deeper than 64 levels, or in a circle'
    expect(inferred(object)).toBe(problem)
    expect(inferred(array)).toBe(problem)
  })

  it('makes objects columns in the order in which properties occur', () => {
    expect(inferred({ a: 1, b: 'x' }, { c: [true], a: null })).toBe('a float64?, b string?, c array<bool>?')
    expect(inferred({ point: { x: 1, y: 2 } })).toBe('point struct<x float64, y float64>')
  })

  it('takes an instance of a class as a row', () => {
    class Visit {
      page = '/'
    }
    expect(inferred(new Visit())).toBe('page string')
  })

  it('takes null and undefined as null', () => {
    expect(inferred(1, null)).toBe('float64?')
    expect(inferred({ a: undefined }, { a: 'x' })).toBe('a string?')
  })

  it('remembers whether items may be null', () => {
    expect(inferRow([['a', null]])).toEqual({ element: true, type: types.array(types.string, true), nullable: false })
    expect(inferRow([['a']])).toEqual({ element: true, type: types.array(types.string, false), nullable: false })
  })

  it('reads a property called __proto__ as any other', () => {
    expect(inferred(JSON.parse('{"__proto__": 1}'))).toBe('__proto__ float64')
  })

  it('says why there is no type', () => {
    expect(inferred()).toBe('it returned no value for the rows that were tried')
    expect(inferred(null)).toBe('it returned only null')
    expect(inferred({ a: null })).toBe("it returned only null in 'a'")
    expect(inferred(1, 'x')).toBe('it returned numbers and also strings')
    expect(inferred({ a: 1 }, 2)).toBe('it returned objects and also numbers')
    expect(inferred({ a: 1 }, null)).toBe('it returned objects and also null')
    expect(inferred({ a: { b: [1, 'x'] } })).toBe("it returned numbers and also strings in 'a.b[]'")
    expect(inferred([])).toBe('it returned only empty arrays')
    expect(inferred({})).toBe('it returned only empty objects')
    expect(inferred(new Map())).toBe('it returned objects of class Map, which no column can hold')
    expect(inferred(() => 1)).toBe('it returned functions, which no column can hold')
  })
})
