import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseTables, readTablesFile } from '../../src/run/tables-file.ts'
import { tempFolder } from '../runtime/plans.ts'

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
    ['{"columns": [], "rows": [], "csv": "a.csv"}', "table 't' has both 'columns' and 'csv', expected one of them"],
    ['{"csv": "a.csv", "jsonl": "a.jsonl"}', "table 't' has both 'csv' and 'jsonl', expected one of them"],
    ['{"csv": "a.csv", "heder": true}', "table 't' has an unknown entry 'heder'", "did you mean 'header'?"],
    ['{"csv": "a.csv", "path": "b.csv"}', "table 't' has an unknown entry 'path'"],
    ['{"csv": "a.csv", "rows": []}', "table 't' has an unknown entry 'rows'"],
    ['{"columns": [["a", "int64"]], "row": []}', "table 't' has an unknown entry 'row'", "did you mean 'rows'?"],
    ['{"columns": "a"}', "the schema of table 't' must be an array of [name, type]"],
  ])('refuses the entries of %s', (table, message, ...hints) => {
    const details = hints.length === 0 ? expect.anything() : expect.objectContaining({ hint: hints[0] })
    expect(() => parseTables('t.json', `{"t": ${table}}`)).toThrow(
      expect.objectContaining({ code: 'USAGE_TABLES', message: `t.json: ${message}`, details }),
    )
  })

  it('may begin with a byte order mark, and must be UTF-8', () => {
    const path = join(tempFolder(), 't.json')
    writeFileSync(path, '\ufeff{"t": {"columns": [["s", "string"]], "rows": [["ä"]]}}')
    expect(readTablesFile(path).get('t')).toMatchObject({ rows: [['ä']] })
    writeFileSync(path, Buffer.from('{"t": {"columns": [["s", "string"]], "rows": [["ä"]]}}', 'latin1'))
    expect(() => readTablesFile(path)).toThrow(expect.objectContaining({ code: 'USAGE_TABLES' }))
  })

  it('is not waited for when it is a pipe', () => {
    const path = join(tempFolder(), 'pipe')
    execFileSync('mkfifo', [path])
    expect(() => readTablesFile(path)).toThrow(expect.objectContaining({ code: 'SOURCE_UNREADABLE' }))
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
