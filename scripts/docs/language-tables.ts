import { join } from 'node:path'
import { formatType } from '../../src/data/type.ts'
import type { OptionSpec } from '../../src/io/connector.ts'
import { defaultConnectors } from '../../src/io/index.ts'
import { aggregates } from '../../src/ir/functions/aggregates.ts'
import { arrays } from '../../src/ir/functions/arrays.ts'
import { functionNames } from '../../src/ir/functions/catalogue.ts'
import { conditionals } from '../../src/ir/functions/conditional.ts'
import { dates } from '../../src/ir/functions/dates.ts'
import type { CatalogueFunction, Signature } from '../../src/ir/functions/define.ts'
import { numbers } from '../../src/ir/functions/numbers.ts'
import { regexps } from '../../src/ir/functions/regexp.ts'
import { strings } from '../../src/ir/functions/strings.ts'
import { execute } from '../../src/run/execute.ts'
import { encodeOutput } from '../../src/run/formats.ts'
import { prepare } from '../../src/run/prepare.ts'
import { loadFlow } from '../../src/run/program.ts'
import { aggregateExamples, aggregateRows, operatorExamples, scalarExamples } from './function-examples.ts'

const families: Readonly<Record<string, readonly CatalogueFunction[]>> = {
  conditionals,
  numbers,
  strings,
  regexps,
  dates,
  arrays,
  aggregates,
}

/** The generated sections of `docs/language.md` by name. */
export async function languageTables(): Promise<ReadonlyMap<string, string>> {
  const scalarResults = await valuesOf(`values (1) |> select ${columns(Object.values(scalarExamples))}`)
  const aggregateResults = await valuesOf(`${aggregateRows} |> aggregate ${columns(Object.values(aggregateExamples))}`)
  const operatorResults = await valuesOf(`values (1) |> select ${columns(operatorExamples.map(([, , example]) => example))}`)
  const examples = new Map([...pair(scalarExamples, scalarResults), ...pair(aggregateExamples, aggregateResults)])
  const documented = new Set(Object.values(families).flatMap((family) => family.map((fn) => fn.name)))
  for (const name of functionNames()) {
    if (!documented.has(name) || !examples.has(name))
      throw new Error(`the function '${name}' has no example in scripts/docs/function-examples.ts`)
  }
  return new Map([
    ...Object.entries(families).map(([name, family]): [string, string] => [name, familyTable(family, examples)]),
    [
      'operators',
      table(
        ['operator', 'meaning', 'example'],
        operatorExamples.map(([form, meaning, example], i) => [form, meaning, shown(example, operatorResults[i])]),
      ),
    ],
    ['aggregate-rows', `The examples are over \`${aggregateRows}\`.`],
    ['sources', connectorTables(defaultConnectors.sources.values())],
    ['sinks', connectorTables([...defaultConnectors.sinks.values()].filter((sink) => sink.isInternal !== true))],
  ])
}

const columns = (examples: readonly string[]): string => examples.map((example, i) => `${example} as c${i}`).join(', ')
const pair = (examples: Readonly<Record<string, string>>, results: readonly unknown[]): [string, string][] =>
  Object.entries(examples).map(([name, example], i) => [name, shown(example, results[i])])
const shown = (example: string, result: unknown): string => `${code(example)} → ${code(JSON.stringify(result))}`
/** Text in which nothing is taken for markup. */
const plain = (text: string): string => text.replace(/[\\*|<]/g, '\\$&')
const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``

/** Runs a query of one row. */
async function valuesOf(query: string): Promise<readonly unknown[]> {
  const prepared = await prepare(await loadFlow(join(process.cwd(), 'example.flow'), query, new Map()), { backend: 'inline' })
  const done = await execute(prepared, {})
  try {
    const text = [...encodeOutput(done.outputs[0], 'json')].join('')
    return (JSON.parse(text) as { rows: readonly (readonly unknown[])[] }).rows[0]
  } finally {
    done.close()
  }
}

function familyTable(family: readonly CatalogueFunction[], examples: ReadonlyMap<string, string>): string {
  const known = new Set(functionNames())
  const rows = family
    .filter((fn) => known.has(fn.name))
    .map((fn) => [formatSignatures(fn), plain(fn.summary), examples.get(fn.name) ?? ''])
  return table(['function', 'result', 'example'], rows)
}

/** Functions with a signature for every type that has an order are written with `T`. */
function formatSignatures({ name, signatures }: CatalogueFunction): string {
  const [first] = signatures
  const list = signatures.length > 3 ? [{ args: first.args.map(() => 'T'), rest: first.rest && 'T', returns: 'T' }] : signatures
  return list.map((signature) => code(`${name}(${formatArguments(signature as Signature)}) ${signature.returns}`)).join('<br>')
}

function formatArguments({ args, rest, optional = 0 }: Signature): string {
  const parts = args.map((arg, i) => (i < args.length - optional ? arg : `[${arg}]`))
  return [...parts, ...(rest === undefined ? [] : [`${rest}, ...`])].join(', ')
}

function connectorTables(connectors: Iterable<{ kind: string; options: Readonly<Record<string, OptionSpec>> }>): string {
  return [...connectors]
    .map(({ kind, options }) => {
      const rows = Object.entries(options).map(([name, { type, summary, values = [] }]) => {
        const list = values.length === 0 ? '' : ` One of ${values.map((value) => `'${value}'`).join(', ')}.`
        return [code(name), code(formatType(type)), plain(summary + list)]
      })
      return `**${kind}**\n\n${table(['option', 'type', 'meaning'], rows)}`
    })
    .join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
