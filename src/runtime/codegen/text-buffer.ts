/** A Buffer with the methods under `toString` and `write`, which check no arguments. */
export type TextBuffer = Buffer & {
  utf8Slice(start: number, end: number): string
  utf8Write(text: string, offset: number, length: number): number
}

export function bufferOf(data: Uint8Array): TextBuffer {
  return Buffer.from(data.buffer, data.byteOffset, data.length) as unknown as TextBuffer
}
