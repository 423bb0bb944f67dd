import { bug, dataError } from '../../base/errors.ts'
import type { Host } from '../../base/host.ts'
import { valueKey } from '../../data/compare.ts'
import { rowsOf } from '../../data/read.ts'
import type { SchemaField } from '../../data/type.ts'
import type { ConnectorOptions, SourceConnector } from '../../io/connector.ts'
import type { NodeOf } from '../../ir/logical.ts'
import type { ErrorPolicy } from '../../ir/on-error.ts'
import type { Row } from './relation.ts'

interface SourceContext {
  sources: ReadonlyMap<string, SourceConnector>
  host: Host
  onError?: ErrorPolicy
}

/** All rows of a source, split after split. Weighted rows are netted: a row stands as often as its weights say in all. */
export function readSource(node: NodeOf<'source'>, { sources, host, onError }: SourceContext): readonly Row[] {
  const connector = sources.get(node.connector)
  if (connector === undefined) throw bug(`no connector '${node.connector}'`)
  const { described, outputs } = node
  const fields = described.fields
    .filter(({ column }) => outputs[0].fields.some((field) => field.column === column))
    .map(({ name, type, nullable }): SchemaField => ({ name, type, nullable }))
  const rows: { row: Row; weight: number }[] = []
  const options = node.options as ConnectorOptions
  const signal = new AbortController().signal
  const policy = options.on_error ?? onError ?? 'fail'
  const onBadRecord = policy === 'fail' ? undefined : () => {}
  for (const [splitIndex, split] of described.splits.entries()) {
    const request = { options, reader: described.reader, split, splitIndex, fields, host, signal, onBadRecord }
    for (const item of connector.read(request)) {
      if ('barrier' in item) continue
      rows.push(...rowsOf(item).map((row, i) => ({ row, weight: item.weights?.[i] ?? 1 })))
    }
  }
  return rows.every(({ weight }) => weight === 1) ? rows.map(({ row }) => row) : netRows(rows, fields)
}

function netRows(rows: readonly { row: Row; weight: number }[], fields: readonly SchemaField[]): readonly Row[] {
  const net = new Map<string, { row: Row; weight: number }>()
  for (const { row, weight } of rows) {
    const key = row.map((value, i) => valueKey(fields[i].type, value)).join('|')
    const known = net.get(key)
    if (known === undefined) net.set(key, { row, weight })
    else known.weight += weight
  }
  return [...net.values()].flatMap(({ row, weight }) => {
    if (weight < 0) throw dataError('DATA_UNKNOWN_RETRACTION', 'a row was retracted that is not there')
    return Array<Row>(weight).fill(row)
  })
}
