import { parse } from 'acorn'

/** Where the text of a JavaScript module is not JavaScript: line from 1, column from 1. V8 keeps that to itself when a module is imported. */
export function syntaxErrorIn(text: string): { line: number; column: number } | undefined {
  try {
    parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true })
    return undefined
  } catch (thrown) {
    const { loc } = thrown as { loc?: { line: number; column: number } }
    return loc && { line: loc.line, column: loc.column + 1 }
  }
}
