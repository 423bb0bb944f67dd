const negativeZero = Symbol('-0')

/**
 * Collects the text of one generated function. No user text gets into it: names are made here, and everything that comes from a program
 * (constants, field names, closures, places) is a value of the array `k`.
 */
export class Emitter {
  readonly constants: unknown[] = []
  readonly #places = new Map<unknown, number>()
  readonly #body: string[] = []
  readonly #hoisted: string[] = []
  readonly #memos: Map<string, unknown>[] = [new Map()]
  #next = 0

  /** A new variable name. */
  name(prefix: string): string {
    return `${prefix}${this.#next++}`
  }
  line(text: string): void {
    this.#body.push(text)
  }
  /** Declares a constant with this value in the body; gives its name. */
  define(prefix: string, value: string): string {
    const name = this.name(prefix)
    this.line(`const ${name} = ${value}`)
    return name
  }
  /** Lines in braces. What is memoised inside is forgotten at its end, as the variables are out of scope there. */
  block(head: string, inside: () => void): void {
    this.line(`${head} {`)
    this.#memos.push(new Map())
    inside()
    this.#memos.pop()
    this.line('}')
  }
  /** The same value for the same key while the innermost block that made it is open. */
  memo<T>(key: string, make: () => T): T {
    for (let i = this.#memos.length - 1; i >= 0; i--) {
      const found = this.#memos[i].get(key)
      if (found !== undefined) return found as T
    }
    const made = make()
    this.#memos[this.#memos.length - 1].set(key, made)
    return made
  }
  /** Declares what holds for one call of the function, before its loop; the same text is declared once. */
  hoist(prefix: string, value: string): string {
    const key = `hoist ${value}`
    const frame = this.#memos[0]
    const found = frame.get(key)
    if (found !== undefined) return found as string
    const name = this.name(prefix)
    this.#hoisted.push(`const ${name} = ${value}`)
    frame.set(key, name)
    return name
  }
  /** The name under which generated code finds a value that is not part of the text. */
  constant(value: unknown): string {
    // A map takes −0 for 0.
    const key = Object.is(value, -0) ? negativeZero : value
    const known = this.#places.get(key) ?? this.constants.push(value) - 1
    this.#places.set(key, known)
    return `k${known}`
  }
  get hoisted(): readonly string[] {
    return this.#hoisted
  }
  get body(): readonly string[] {
    return this.#body
  }
}
