import { types } from '../data/type.ts'
import type { SinkConnector } from './connector.ts'
import { fileSink } from './file-sink.ts'
import { createCsvEncoder } from './format/csv-encode.ts'
import { createJsonlEncoder } from './format/json-encode.ts'
import { flagOption } from './source-options.ts'

/** Writes csv files, which the csv source reads back with equal values. @throws {@link MillraceError} `SINK_EXISTS`, `SINK_UNWRITABLE`, `RESOURCE_DISK_FULL`. */
export const csvSink: SinkConnector = fileSink({
  kind: 'csv',
  extension: 'csv',
  options: { header: { type: types.bool, summary: 'Write the names of the columns first? Default true.' } },
  encoder: (fields, options) => createCsvEncoder(fields, { header: flagOption(options, 'header', true) }),
})

/** Writes JSON lines, which the jsonl source reads back with equal values. @throws {@link MillraceError} `SINK_EXISTS`, `SINK_UNWRITABLE`, `RESOURCE_DISK_FULL`. */
export const jsonlSink: SinkConnector = fileSink({
  kind: 'jsonl',
  extension: 'jsonl',
  encoder: (fields) => createJsonlEncoder(fields),
})
