/** What a value is, for messages: `a string`, `an object`, `nothing`. */
export function nameOfKind(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  const kind = Array.isArray(value) ? 'array' : typeof value
  return `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`
}
