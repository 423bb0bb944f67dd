import { usageError } from '../base/errors.ts'
import { valueAt } from '../data/read.ts'
import { formatType, type Schema } from '../data/type.ts'
import { jsonCell } from '../io/format/cell.ts'
import { createCsvEncoder } from '../io/format/csv-encode.ts'
import { createJsonlEncoder } from '../io/format/json-encode.ts'
import type { RunOutput } from './output.ts'

/** The rows of an output as text, piece by piece. `json` is one object `{ columns: [[name, type]], rows: [[...]] }`; `jsonl` one object a row. */
export function encodeOutput(output: RunOutput, format: 'csv' | 'json' | 'jsonl'): Iterable<string | Uint8Array> {
  if (format === 'json') return jsonPieces(output)
  if (format === 'jsonl') {
    refuseDuplicates(output.fields)
    return encoded(output, createJsonlEncoder(output.fields))
  }
  return encoded(output, createCsvEncoder(output.fields))
}

function* encoded(output: RunOutput, encoder: ReturnType<typeof createCsvEncoder>): Iterable<Uint8Array> {
  yield encoder.start()
  for (const batch of output.batches()) yield encoder.push(batch)
}

function* jsonPieces(output: RunOutput): Iterable<string> {
  const { fields } = output
  yield `{"columns":${JSON.stringify(fields.map((field) => [field.name, formatType(field.type)]))},"rows":[`
  let comma = ''
  for (const batch of output.batches()) {
    const rows: string[] = []
    for (let row = 0; row < batch.rowCount; row++) {
      rows.push(JSON.stringify(fields.map((field, i) => jsonCell(field.type, valueAt(batch.columns[i], row)))))
    }
    if (rows.length > 0) yield `${comma}${rows.join(',')}`
    if (rows.length > 0) comma = ','
  }
  yield ']}\n'
}

function refuseDuplicates(fields: Schema): void {
  const seen = new Set<string>()
  for (const { name } of fields) {
    if (seen.has(name)) {
      throw usageError('USAGE_DUPLICATE_COLUMN', `two columns are named '${name}', and jsonl needs distinct names`, {
        hint: `give one of them another name: |> select ..., ${name} as ${name}_2`,
      })
    }
    seen.add(name)
  }
}
