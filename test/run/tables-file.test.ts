import { describe, expect, it } from 'vitest'
import { parseTables } from '../../src/run/tables-file.ts'

const rowsOf = (columns: string, rows: string) => {
  const table = parseTables('t.json', `{"t": {"columns": ${columns}, "rows": ${rows}}}`).get('t')
  return table !== undefined && 'rows' in table ? table.rows : undefined
}

describe('the file of --tables', () => {
  it('keeps every digit of an int64, as a number or as text', () => {
    expect(rowsOf('[["n", "int64"]]', '[[9007199254740993], ["-9223372036854775808"], [7], [null]]')).toEqual([
      [9007199254740993n],
      [-9223372036854775808n],
      [7],
      [null],
    ])
  })

  it('reads what results are printed as', () => {
    const columns = '[["d", "date"], ["b", "bytes"], ["f", "float64"], ["a", "array<int64>"]]'
    expect(rowsOf(columns, '[["1970-01-02", "AQI=", "NaN", [1, null]]]')).toEqual([
      [1, Uint8Array.of(1, 2), Number.NaN, [1, null]],
    ])
  })

  it.each([
    ['int64', '9223372036854775808'],
    ['int64', '1.5'],
    ['bytes', '"not base64!"'],
    ['array<bytes>', '["not base64!"]'],
    ['date', '"1970-02-30"'],
    ['array<int64>', '[123456789012345678901]'],
  ])('refuses a %s of %s', (type, value) => {
    expect(() => rowsOf(`[["c", "${type}"]]`, `[[${value}]]`)).toThrow(
      expect.objectContaining({ code: 'USAGE_TABLES', message: expect.stringContaining("row 1, column 'c' of table 't'") }),
    )
  })
})
