/** Patterns are nearly always constants, so that few suffice; a column of patterns starts afresh now and then. */
const capacity = 200

/** Remembers what `compile` made of a pattern. */
export function cached<T>(compile: (pattern: string) => T): (pattern: string) => T {
  const compiled = new Map<string, T>()
  return (pattern) => {
    let result = compiled.get(pattern)
    if (result === undefined) {
      if (compiled.size >= capacity) compiled.clear()
      compiled.set(pattern, (result = compile(pattern)))
    }
    return result
  }
}
