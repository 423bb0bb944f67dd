/**
 * Shows control characters and those that turn the direction of text as escapes: data, names and messages of users must not be able to steer
 * a terminal or to look like something else.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escaped)
}

/** The same for texts of several lines: their ends stay. */
export function escapeControlsInLines(text: string): string {
  return text.split('\n').map(escapeControls).join('\n')
}

const short: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\r', '\\r'],
])

const escaped = (char: string): string => short.get(char) ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
