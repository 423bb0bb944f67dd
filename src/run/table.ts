import { displayWidth } from '../base/code-frame.ts'
import { escapeControls } from '../base/escape-controls.ts'
import type { Batch } from '../data/batch.ts'
import { valueAt } from '../data/read.ts'
import { formatType, type Schema } from '../data/type.ts'
import { displayCell } from '../io/format/cell.ts'

/** What a table shows of a result. */
export interface TableOptions {
  /** Rows shown; further ones are counted only. */
  rows: number
  /** Width in columns of the terminal; wider cells are cut. */
  width: number
}

const widestCell = 60
const shownColumns = 50

/**
 * A boxed table of the first rows: names, types, values, and the number of rows under it. Numbers are aligned right; control characters are
 * escaped, so that data cannot steer a terminal.
 */
export function formatTable(fields: Schema, batches: Iterable<Batch>, rowCount: number, options: TableOptions): string {
  const shown = Math.min(fields.length, shownColumns, Math.max(1, Math.floor(options.width / 5)))
  const rows = firstRows(fields, batches, options.rows, shown)
  const names = fields.slice(0, shown).map((field) => cut(escapeControls(field.name)))
  const kinds = fields.slice(0, shown).map((field) => cut(formatType(field.type)))
  const widths = names.map((name, i) =>
    Math.max(displayWidth(name), displayWidth(kinds[i]), ...rows.map((row) => displayWidth(row[i]))),
  )
  narrow(widths, options.width)
  const right = fields.slice(0, shown).map((field) => field.type.kind === 'int64' || field.type.kind === 'float64')
  const line = (cells: readonly string[], align: readonly boolean[]): string =>
    `│ ${cells.map((cell, i) => pad(cut(cell, widths[i]), widths[i], align[i])).join(' │ ')} │`
  const rule = (left: string, middle: string, end: string): string =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + end
  return [
    rule('┌', '┬', '┐'),
    line(names, right),
    line(kinds, right),
    rule('├', '┼', '┤'),
    ...rows.map((row) => line(row, right)),
    rule('└', '┴', '┘'),
    footer(rowCount, rows.length, fields.length - shown),
  ].join('\n')
}

function footer(rowCount: number, shownRows: number, hiddenColumns: number): string {
  const rows = `${rowCount.toLocaleString('en-US')} ${rowCount === 1 ? 'row' : 'rows'}`
  const part = shownRows < rowCount ? ` (first ${shownRows} shown)` : ''
  return rows + part + (hiddenColumns > 0 ? `, ${hiddenColumns} more columns not shown` : '')
}

function firstRows(fields: Schema, batches: Iterable<Batch>, count: number, columns: number): string[][] {
  const rows: string[][] = []
  for (const batch of batches) {
    for (let row = 0; row < batch.rowCount; row++) {
      if (rows.length === count) return rows
      rows.push(
        fields.slice(0, columns).map((field, i) => cut(escapeControls(displayCell(field.type, valueAt(batch.columns[i], row))))),
      )
    }
  }
  return rows
}

function cut(whole: string, width = widestCell): string {
  // A cell may be megabytes long; no sign that is seen takes more than a few units.
  const text = whole.slice(0, 4 * width + 1)
  if (displayWidth(text) <= width) return text
  let out = ''
  for (const char of text) {
    if (displayWidth(out + char) > width - 1) break
    out += char
  }
  return `${out}…`
}

/** Narrows the widest columns until the table fits; every column keeps 4 places. */
function narrow(widths: number[], total: number): void {
  const used = (): number => widths.reduce((sum, width) => sum + width + 3, 1)
  while (used() > total) {
    const widest = widths.indexOf(Math.max(...widths))
    if (widths[widest] <= 4) return
    widths[widest] -= 1
  }
}

const pad = (text: string, width: number, right: boolean): string => {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return right ? space + text : text + space
}
