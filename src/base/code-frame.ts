import { escapeControls } from './escape-controls.ts'
import { formatPlace, type Place } from './place.ts'

/** Colours are given from outside, so that this layer needs no library and tests see plain text. */
export interface Painter {
  error(text: string): string
  note(text: string): string
  help(text: string): string
  bold(text: string): string
}
const same = (text: string): string => text
export const plainPainter: Painter = Object.freeze({ error: same, note: same, help: same, bold: same })

/** A marked piece of the program with the words beside its carets. */
export interface FrameLabel {
  at: Place
  text?: string
}

/**
 * Prints the lines of the program that the labels mark: carets under the primary label, dashes under related ones, one block a file.
 * Tabs are shown as four spaces and wide characters count two columns. A file without a text in `sources` gives its place alone.
 */
export function codeFrame(
  primary: FrameLabel,
  related: readonly FrameLabel[],
  sources: Readonly<Record<string, string>>,
  paint: Painter = plainPainter,
): string {
  const labels = [primary, ...related].filter((label) => label.at.file !== '')
  const gutter = Math.max(1, ...labels.map((label) => String(label.at.line).length))
  const files = [...new Set(labels.map((label) => label.at.file))]
  return files.map((file) => fileBlock(file, labels, primary, gutter, sources, paint)).join('\n')
}

function fileBlock(
  file: string,
  labels: readonly FrameLabel[],
  primary: FrameLabel,
  gutter: number,
  sources: Readonly<Record<string, string>>,
  paint: Painter,
): string {
  const own = labels.filter((label) => label.at.file === file)
  const bar = paint.note(`${' '.repeat(gutter + 1)}|`)
  const out = [`${' '.repeat(gutter)}${paint.note('-->')} ${escapeControls(formatPlace(own[0].at))}`]
  const lines = Object.hasOwn(sources, file) ? sources[file].split(/\r\n|\n|\r/) : undefined
  if (lines === undefined) return [...out, ...own.filter((label) => label.text).map((label) => `${bar} ${label.text}`)].join('\n')
  out.push(bar)
  let previous = 0
  for (const number of [...new Set(own.map((label) => label.at.line))].sort((a, b) => a - b)) {
    if (number < 1 || number > lines.length) continue
    if (previous > 0 && number > previous + 1) out.push(paint.note('...'))
    const here = own.filter((label) => label.at.line === number)
    const window = cutLine(lines[number - 1], here[0].at.column)
    out.push(`${paint.note(`${String(number).padStart(gutter)} |`)} ${expandTabs(window.text)}`)
    for (const label of here) out.push(`${bar} ${underline(label, lines[number - 1], window, label === primary, paint)}`)
    previous = number
  }
  return out.join('\n')
}

interface LineWindow {
  text: string
  /** UTF-16 units cut off at the left, without the ellipsis that stands for them. */
  from: number
  to: number
  indent: number
}

/** Programs made by programs have very long lines: only the part around the label is shown. */
function cutLine(line: string, column: number): LineWindow {
  if (line.length <= 160) return { text: line, from: 0, to: line.length, indent: 0 }
  const from = Math.max(0, column - 61)
  const to = Math.min(line.length, from + 140)
  return {
    text: `${from > 0 ? '…' : ''}${line.slice(from, to)}${to < line.length ? '…' : ''}`,
    from,
    to,
    indent: from > 0 ? 1 : 0,
  }
}

function underline(label: FrameLabel, line: string, window: LineWindow, isPrimary: boolean, paint: Painter): string {
  const { at } = label
  const start = Math.max(window.from, Math.min(at.column - 1, line.length))
  const endsHere = at.endColumn !== undefined && (at.endLine === undefined || at.endLine === at.line)
  const end = Math.min(
    endsHere ? (at.endColumn as number) - 1 : at.endLine === undefined ? start + 1 : line.trimEnd().length,
    window.to,
  )
  const pad = ' '.repeat(window.indent + displayWidth(line.slice(window.from, start)))
  const marks = (isPrimary ? '^' : '-').repeat(Math.max(1, displayWidth(line.slice(start, end))))
  const colour = isPrimary ? paint.error : paint.note
  return `${pad}${colour(label.text ? `${marks} ${label.text}` : marks)}`
}

// Each stays one column, so that the marks below fit.
const showControls = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000a-\u001f]/g, (char) => String.fromCharCode(0x2400 + char.charCodeAt(0)))
    .replace(otherControls, '�')
const otherControls = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const expandTabs = (text: string): string => showControls(text).replaceAll('\t', '    ')

/** Columns that a terminal gives to the text. */
export function displayWidth(text: string): number {
  let width = 0
  for (const char of text) width += char === '\t' ? 4 : charWidth(char)
  return width
}

function charWidth(char: string): number {
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(char)) return 0
  const code = char.codePointAt(0) as number
  return wideRanges.some(([low, high]) => code >= low && code <= high) ? 2 : 1
}

/** Blocks of Unicode's EastAsianWidth.txt that are W or F throughout. */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
]
