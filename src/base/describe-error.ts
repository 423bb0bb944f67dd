import { codeFrame, type Painter, plainPainter } from './code-frame.ts'
import type { MillraceError } from './errors.ts'
import { escapeControls, escapeControlsInLines } from './escape-controls.ts'

/**
 * The text of an error for people: code and message, the marked lines of the program, the data row, the hint; then all errors found with it.
 * No stack trace. `sources` are the texts of the program by file; files that are not in it are named only.
 */
export function describeError(
  error: MillraceError,
  sources: Readonly<Record<string, string>> = {},
  paint: Painter = plainPainter,
): string {
  const parts = error.errors.slice(0, maxErrors).map((each) => describeOne(each, sources, paint))
  if (error.errors.length > 1) {
    const more = error.errors.length - parts.length
    parts.push(`${error.errors.length} errors${more > 0 ? ` (the first ${maxErrors} are shown)` : ''}`)
  }
  return parts.join('\n\n')
}

const maxErrors = 20
const maxRawText = 200

function describeOne(error: MillraceError, sources: Readonly<Record<string, string>>, paint: Painter): string {
  const { at, related = [], hint, operator, text } = error.details
  const out = [`${paint.error(`error ${error.code}:`)} ${paint.bold(escapeControlsInLines(error.message))}`]
  if (at !== undefined && at.file !== '') out.push(codeFrame({ at }, related, sources, paint))
  else if (related.length > 0) out.push(codeFrame(related[0], related.slice(1), sources, paint))
  const dataPlace = describeDataPlace(error)
  if (dataPlace !== '') out.push(`  ${paint.note('in:')} ${dataPlace}`)
  if (text !== undefined) out.push(`  ${paint.note('text:')} ${showRawText(text)}`)
  if (operator !== undefined && !error.message.includes(operator)) out.push(`  ${paint.note('operator:')} ${operator}`)
  if (hint !== undefined) out.push(`  ${paint.help('help:')} ${escapeControlsInLines(hint)}`)
  return out.join('\n')
}

function describeDataPlace({ details: { file, line, byteOffset } }: MillraceError): string {
  const name = file === undefined ? '' : escapeControls(file)
  const place = line === undefined || name === '' ? name : `${name}:${line}`
  if (byteOffset === undefined) return place
  return place === '' ? `byte ${byteOffset}` : `${place} (byte ${byteOffset})`
}

/** Control characters are shown escaped: a bad row must not be able to steer the terminal. */
function showRawText(text: string): string {
  const shown = text.slice(0, maxRawText).replace(/[\x00-\x1f\x7f-\x9f]/g, hexEscape)
  return text.length > maxRawText ? `${shown}…` : shown
}

function hexEscape(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
}
