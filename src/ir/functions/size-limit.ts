import { runError } from '../../base/errors.ts'
import { fieldOf } from '../../data/compare.ts'
import type { Type, Value } from '../../data/type.ts'

/**
 * Most bytes of a value that a function makes: UTF-8 of texts, and 8 bytes for each value in arrays and structs.
 * Without a limit, forty doublings of a text of one byte ask for a terabyte. Functions whose results grow by a constant factor only, such as
 * `upper` and `split`, have none.
 */
export const maxValueBytes = 2 ** 26

/** Refuses a result of so many bytes: `RUN_ARGUMENT`. */
export function checkValueBytes(fn: string, bytes: number): void {
  if (bytes <= maxValueBytes) return
  throw runError('RUN_ARGUMENT', `${fn} would make a value of more than ${maxValueBytes / 2 ** 20} MB`)
}

/** The text, unless it is too long. */
export function checkedText(fn: string, text: string): string {
  // A unit of UTF-16 takes at most three bytes, so that nearly no text is counted.
  if (text.length * 3 > maxValueBytes) checkValueBytes(fn, Buffer.byteLength(text))
  return text
}

/** The texts with the separator between them, measured before they are joined. */
export function joinTexts(fn: string, texts: readonly string[], separator = ''): string {
  const gaps = Math.max(0, texts.length - 1)
  let units = gaps * separator.length
  for (const text of texts) units += text.length
  if (units * 3 > maxValueBytes) {
    let bytes = gaps * Buffer.byteLength(separator)
    for (const text of texts) bytes += Buffer.byteLength(text)
    checkValueBytes(fn, bytes)
  }
  return texts.join(separator)
}

/** Refuses to put values of a type together that are too large. */
export function checkValues(fn: string, type: Type, values: readonly Value[]): void {
  let bytes = 0
  const add = (partType: Type, value: Value): void => {
    // At every part, since values may share parts: there can be far more to count than memory holds.
    checkValueBytes(fn, (bytes += 8))
    if (value === null) return
    if (partType.kind === 'string') bytes += Buffer.byteLength(value as string)
    else if (partType.kind === 'bytes') bytes += (value as Uint8Array).length
    else if (partType.kind === 'array') for (const item of value as readonly Value[]) add(partType.item, item)
    else if (partType.kind === 'struct') for (const field of partType.fields) add(field.type, fieldOf(value, field.name))
  }
  for (const value of values) add(type, value)
  checkValueBytes(fn, bytes)
}
