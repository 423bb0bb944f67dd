/** Width of explain texts. */
const width = 80

/**
 * Breaks a text at blanks so that no line is wider than `width`; following lines start with `hang`. A word that is too long stays whole.
 */
export function wrap(text: string, first: string, hang: string): string[] {
  const lines: string[] = []
  let line = first
  let empty = true
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line)
      line = hang
      empty = true
    }
    line += empty ? word : ` ${word}`
    empty = false
  }
  return [...lines, line]
}

/** `1 stage`, `2 stages`. */
export function count(value: number, noun: string): string {
  return `${value} ${noun}${value === 1 ? '' : 's'}`
}

/** `a`, `a and b`, `a, b and c`. */
export function listWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`
}

/** Rows for people: `812 rows`, `3.4 million rows`. */
export function formatRows(rows: number): string {
  if (rows < 10_000) return count(Math.round(rows), 'row')
  if (rows < 1_000_000) return `${Math.round(rows / 1000)} thousand rows`
  return `${(rows / 1_000_000).toFixed(1)} million rows`
}
