import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TokenType } from 'chevrotain'
import { expect, it } from 'vitest'
import { parseProgram } from '../../../src/dsl/flow/parse.ts'
import { FlowParser } from '../../../src/dsl/flow/parser.ts'
import { allTokens, unusedTokens } from '../../../src/dsl/flow/tokens.ts'

it('has a grammar without ambiguities and left recursion', () => {
  expect(() => new FlowParser({ validate: true })).not.toThrow()
})

it('uses every token in some rule, or says that it does not', () => {
  const used = new Set<string>()
  const collect = (production: { terminalType?: TokenType; nonTerminalName?: string; definition?: unknown }): void => {
    if (production.nonTerminalName !== undefined) return
    if (production.terminalType !== undefined) used.add(production.terminalType.name)
    if (Array.isArray(production.definition)) production.definition.forEach(collect)
  }
  for (const rule of Object.values(new FlowParser().getGAstProductions())) collect(rule)
  const isUsed = (token: TokenType): boolean => used.has(token.name) || (token.CATEGORIES ?? []).some(isUsed)
  const skipped = ['WhiteSpace', 'LineComment', 'BlockComment']
  const names = (tokens: readonly TokenType[]): string[] => tokens.map((token) => token.name).sort()
  // Reserved words without a use are words after a dot.
  const unused = allTokens.filter((token) => !skipped.includes(token.name) && !isUsed(token))
  expect(names(unused).filter((name) => !names([...unusedTokens]).includes(name))).toEqual([])
})

it('is ready after at most 200 ms of processor time', () => {
  const script = `
    let before = process.cpuUsage()
    await import('chevrotain')
    const library = process.cpuUsage(before).user
    const { parseProgram } = await import(${JSON.stringify(new URL('../../../src/dsl/flow/parse.ts', import.meta.url).href)})
    before = process.cpuUsage()
    parseProgram('a.flow', 'from t |> where a = 1 |> select a')
    process.stdout.write(String((library + process.cpuUsage(before).user) / 1000))`
  const run = (): number =>
    Number(
      spawnSync('node', ['--input-type=module', '-e', script], {
        encoding: 'utf8',
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      }).stdout,
    )
  // Other programs on the machine disturb: the best of three counts. Loading our own files is left out: here types are removed from them.
  expect(Math.min(run(), run(), run())).toBeLessThan(200)
})

it('parses a long program in little time', () => {
  const text = Array.from(
    { length: 500 },
    (_, i) => `let d${i} = from t |> where a > ${i} and b like 'x%' |> select a, b + ${i} as c\n`,
  ).join('')
  const { statements, errors } = parseProgram('a.flow', text)
  expect(errors).toEqual([])
  expect(statements.length).toBe(500)
})

it('parses its own examples', () => {
  const text = readFileSync(new URL('./fixtures/word-count.flow', import.meta.url), 'utf8')
  expect(parseProgram('word-count.flow', text).errors).toEqual([])
})
