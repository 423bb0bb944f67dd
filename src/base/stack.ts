import { fileURLToPath } from 'node:url'
import type { Place } from './place.ts'

// In the bundle all code lies in one folder; in the sources one above this file's.
const ownFolder = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '..' : '.', import.meta.url))

/** The innermost frame of an error outside of this package and of Node.js: where the user's code threw it. */
export function userFrame(thrown: unknown): Place | undefined {
  for (const [, file, line, column] of stackOf(thrown).matchAll(framePattern)) {
    const path = decodeURIComponent(file)
    if (!path.startsWith(ownFolder)) return { file: path, line: Number(line), column: Number(column) }
  }
  return undefined
}

/** Was it thrown by this package's own code? Generated loops count. */
export function isThrownHere(thrown: unknown): boolean {
  const frame = /\n\s+at .*/.exec(stackOf(thrown))?.[0] ?? ''
  return decodeURIComponent(frame).includes(ownFolder)
}

const framePattern = /(?:file:\/\/|\()(\/[^\n():]*):(\d+):(\d+)/g

/** Anything can be thrown, also what has no stack, or one that throws when it is read. */
function stackOf(thrown: unknown): string {
  try {
    const stack = (thrown as { stack?: unknown } | null)?.stack
    return typeof stack === 'string' ? stack : ''
  } catch {
    return ''
  }
}
