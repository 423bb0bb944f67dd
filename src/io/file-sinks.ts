import { planError } from '../base/errors.ts'
import { types } from '../data/type.ts'
import type { ConnectorOptions, SinkConnector } from './connector.ts'
import { fileSink } from './file-sink.ts'
import { createCsvEncoder } from './format/csv-encode.ts'
import { createJsonlEncoder } from './format/json-encode.ts'
import { createTextEncoder } from './format/text-encode.ts'
import { byteOption, flagOption } from './source-options.ts'

/** Writes csv files, which the csv source reads back with equal values. @throws {@link MillraceError} `SINK_EXISTS`, `SINK_UNWRITABLE`, `RESOURCE_DISK_FULL`. */
export const csvSink: SinkConnector = fileSink({
  kind: 'csv',
  extension: 'csv',
  options: {
    header: { type: types.bool, summary: 'Write the names of the columns first? Default true.' },
    delimiter: { type: types.string, summary: "Character between fields, such as '\\t'. Default ','." },
  },
  encoder: (fields, options) =>
    createCsvEncoder(fields, { header: flagOption(options, 'header', true), delimiter: delimiterOf(options) }),
})

/** Values that are no texts are written without quotes, so that they must not hold the delimiter. */
function delimiterOf(options: ConnectorOptions): number {
  const delimiter = byteOption(options, 'delimiter', ',')
  const mark = String.fromCharCode(delimiter)
  if (!/[\w"+\-./:=]/.test(mark)) return delimiter
  throw planError('PLAN_UNKNOWN_OPTION', `the option 'delimiter' takes a character that no number or date holds, found '${mark}'`)
}

/** Writes JSON lines, which the jsonl source reads back with equal values. @throws {@link MillraceError} `SINK_EXISTS`, `SINK_UNWRITABLE`, `RESOURCE_DISK_FULL`. */
export const jsonlSink: SinkConnector = fileSink({
  kind: 'jsonl',
  extension: 'jsonl',
  encoder: (fields) => createJsonlEncoder(fields),
})

/** Writes the lines of one column, which the text source reads back. @throws {@link MillraceError} `SINK_EXISTS`, `SINK_UNWRITABLE`, `RESOURCE_DISK_FULL`, `DATA_NULL`, `DATA_BAD_VALUE`. */
export const textSink: SinkConnector = fileSink({ kind: 'text', extension: 'txt', encoder: createTextEncoder })
