import { describe, expect, it } from 'vitest'
import { analyseFunction } from '../../src/dsl/fn-analysis.ts'

type Row = Record<string, number>

describe('the fields that a closure reads', () => {
  it.each<[string, Function, readonly string[] | 'all']>([
    ['fields by name', (row: Row) => row.a + row.b * 2, ['a', 'b']],
    ['a pattern', ({ a, b: other }: Row) => a + other, ['a', 'b']],
    ['the default of another parameter', (row: Row, other = row.b) => row.a + other, ['b', 'a']],
    ['the row as a whole', (row: Row) => JSON.stringify(row), 'all'],
    ['a computed name', (row: Row, name = 'a') => row[name], 'all'],
    ['the rest of a pattern', ({ a, ...rest }: Row) => [a, rest], 'all'],
    [
      'its arguments',
      function () {
        // biome-ignore lint/complexity/noArguments: the case that is tested
        return arguments[0]
      },
      'all',
    ],
    ['nothing', () => 1, []],
  ])('are known for %s', (_, fn, reads) => {
    expect(analyseFunction(fn).reads).toEqual(reads)
  })
})

describe('a closure that looks at the clock', () => {
  it.each<[Function]>([[() => Date.now()], [() => new Date()], [() => Date()], [() => Math.random()]])('%s', (fn) => {
    expect(analyseFunction(fn).deterministic).toBe(false)
  })

  it('is another one than one that reads a date', () => {
    expect(analyseFunction((text: string) => new Date(text).getTime()).deterministic).toBe(true)
  })
})
