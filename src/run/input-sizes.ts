import { suggest } from '../base/did-you-mean.ts'
import { MillraceError, planError, sourceError, usageError } from '../base/errors.ts'
import type { Value } from '../data/type.ts'
import type { ConnectorOptions, DescribeContext, SourceConnector, SourceDescription } from '../io/connector.ts'
import { splitFiles } from '../io/files.ts'
import type { ConnectorRegistry } from '../io/registry.ts'
import { fileTraits } from '../io/source-options.ts'
import { textSchema } from '../io/text.ts'
import type { LogicalNode, NodeOf, Plan } from '../ir/logical.ts'

/** How large sources are, by their path as the program gives it; under the empty text, the only source. */
export type InputSizes = ReadonlyMap<string, number>

/**
 * Connectors that describe a source of given size without its file. Where the file is there it is a sample: types are inferred from it and
 * closures are tried on it; where it is not, the program must declare the columns, as `text` always has.
 */
export function sizedConnectors(connectors: ConnectorRegistry, sizes: InputSizes): ConnectorRegistry {
  const sources = new Map(
    [...connectors.sources].map(([kind, source]): [string, SourceConnector] => {
      const describe: SourceConnector['describe'] = async (options, context) => {
        try {
          return await source.describe(options, context)
        } catch (thrown) {
          if (!(thrown instanceof MillraceError) || thrown.code !== 'SOURCE_NOT_FOUND') throw thrown
          if (sizeOf(options, sizes) !== undefined) return describeMissing(source, options, context)
          const hint = `say how large it is: --input-size '${pathOf(options)}=1TB'`
          throw sourceError('SOURCE_NOT_FOUND', thrown.message, { ...thrown.details, hint })
        }
      }
      return [kind, { ...source, describe }]
    }),
  )
  return { sources, sinks: connectors.sinks }
}

function describeMissing(source: SourceConnector, options: ConnectorOptions, { schema, at }: DescribeContext): SourceDescription {
  const columns = schema ?? (source.kind === 'text' ? textSchema : undefined)
  if (columns === undefined) {
    throw planError('PLAN_SCHEMA_UNKNOWN', `the columns of '${pathOf(options)}' are not known, since the file does not exist`, {
      at,
      hint: 'declare them: from ... schema (name type, ...); or put a small sample of the file there',
    })
  }
  return { schema: columns, inferred: false, traits: fileTraits, splits: [] }
}

/**
 * Gives the sources of a bound plan their sizes: they are split as files of that size would be.
 *
 * @throws {@link MillraceError} `USAGE_ARGUMENT` for a size whose source is not in the plan, or that may mean several.
 */
export function withSizes(plan: Plan, sizes: InputSizes): Plan {
  const sources = plan.nodes.filter((node): node is NodeOf<'source'> => node.op === 'source')
  const paths = [...new Set(sources.map(({ options }) => pathOf(options)))]
  for (const path of sizes.keys()) {
    if (path === '' ? paths.length === 1 : paths.includes(path)) continue
    const message =
      path === '' ? `a size alone needs one source, and the program has ${paths.length}` : `the program reads no '${path}'`
    const hint = paths.length === 0 ? 'it has no source' : `write --input-size '${paths[0]}=1TB'; it reads ${paths.join(', ')}`
    throw usageError('USAGE_ARGUMENT', `--input-size: ${message}`, { hint: path === '' ? hint : suggest(path, paths, hint) })
  }
  return { ...plan, nodes: plan.nodes.map((node) => sized(node, sizes)) }
}

function sized(node: LogicalNode, sizes: InputSizes): LogicalNode {
  if (node.op !== 'source') return node
  const sizeBytes = sizeOf(node.options, sizes)
  if (sizeBytes === undefined) return node
  const { described } = node
  const { rowCount, sizeBytes: sampled = 0 } = described
  const files = [{ path: pathOf(node.options), sizeBytes, mtimeMs: 0 }]
  const splits = splitFiles(files, () => described.traits.splittable)
  const rows = rowCount === undefined || sampled === 0 ? {} : { rowCount: Math.round((rowCount * sizeBytes) / sampled) }
  return { ...node, described: { ...described, ...rows, sizeBytes, files, splits } }
}

function sizeOf(options: Value, sizes: InputSizes): number | undefined {
  return sizes.get(pathOf(options)) ?? sizes.get('')
}

function pathOf(options: Value): string {
  const path = (options as ConnectorOptions).path
  return typeof path === 'string' ? path : ''
}
