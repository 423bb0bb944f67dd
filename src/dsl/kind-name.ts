/** What a value is, for messages: `a string`, `an object`, `a Promise`, `nothing`. */
export function nameOfKind(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  const kind = Array.isArray(value) ? 'array' : typeof value === 'object' ? className(value) : typeof value
  return `${/^[aeiou]/i.test(kind) ? 'an' : 'a'} ${kind}`
}

function className(value: object): string {
  const made: unknown = Object.getPrototypeOf(value)?.constructor
  return typeof made === 'function' && made !== Object && made.name !== '' ? made.name : 'object'
}
