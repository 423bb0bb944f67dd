const simpleEscapes: Readonly<Record<string, string>> = {
  ...{ n: '\n', t: '\t', r: '\r', a: '\u0007', b: '\b', f: '\f', v: '\v' },
  ...{ '\\': '\\', "'": "'", '"': '"', '`': '`', '?': '?' },
}

/** A literal's value, or what is wrong with it; `offset` counts from the start of the literal. */
export type LiteralValue = { value: string } | { wrong: string; offset: number; hint?: string }

/** The value of a string literal in any of its forms: quotes taken off, doubled quotes and escapes resolved (GoogleSQL lexical rules). */
export function stringValue(image: string): LiteralValue {
  const raw = image[0] === 'r' || image[0] === 'R'
  const start = raw ? 1 : 0
  const quote = image[start]
  const doubled = quote + quote
  // Four quotes are one doubled quote, not a long string.
  const isLong = image.length - start >= 6 && image.startsWith(doubled + quote, start)
  const width = isLong ? 3 : 1
  const body = image.slice(start + width, image.length - width)
  if (raw) return { value: body }
  return resolveEscapes(body, isLong ? undefined : quote, width)
}

/** The name inside backquotes. */
export function quotedName(image: string): LiteralValue {
  return resolveEscapes(image.slice(1, -1), undefined, 1)
}

function resolveEscapes(body: string, quote: string | undefined, width: number): LiteralValue {
  if (!body.includes('\\')) return { value: quote === undefined ? body : body.replaceAll(quote + quote, quote) }
  let out = ''
  for (let i = 0; i < body.length; i++) {
    const char = body[i]
    if (char === quote) i++
    if (char !== '\\') {
      out += char
      continue
    }
    const found = readEscape(body, i + 1)
    if (found === undefined) {
      const shown = String.fromCodePoint(body.codePointAt(i + 1) as number)
      return {
        wrong: `unknown escape '\\${shown}' in a string`,
        offset: i + width,
        hint: "write '\\\\' for a backslash, or put r before the quote",
      }
    }
    out += found.text
    i += found.length
  }
  return { value: out }
}

function readEscape(body: string, at: number): { text: string; length: number } | undefined {
  const char = body[at]
  if (Object.hasOwn(simpleEscapes, char)) return { text: simpleEscapes[char], length: 1 }
  for (const form of [/[xX]([0-9a-fA-F]{2})/y, /u([0-9a-fA-F]{4})/y, /U([0-9a-fA-F]{8})/y]) {
    form.lastIndex = at
    const match = form.exec(body)
    if (match !== null) return fromCode(Number.parseInt(match[1], 16), match[0].length)
  }
  const octal = /^[0-7]{3}/.exec(body.slice(at, at + 3))
  return octal === null ? undefined : fromCode(Number.parseInt(octal[0], 8), 3)
}

function fromCode(code: number, length: number): { text: string; length: number } | undefined {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
  return { text: String.fromCodePoint(code), length }
}
