import type { Place } from '../../base/place.ts'

/** What the caller knows beside the plan. */
export interface ExplainContext {
  /** File or name of the program. */
  program: string
  backend: string
  /** One sentence: why this backend. */
  backendReason: string
  /** Texts of the program by file. */
  sources: Readonly<Record<string, string>>
}

/** `word-count.flow:3:4`, without the folders. */
export function shortPlace(at: Place): string | undefined {
  return at.line > 0 ? `${baseName(at.file)}:${at.line}:${at.column}` : undefined
}

export function baseName(file: string): string {
  return file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)
}
