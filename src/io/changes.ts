import { dataError, type MillraceError, resourceError, sourceError } from '../base/errors.ts'
import { type Batch, freshHeader, targetBatchRows } from '../data/batch.ts'
import { createBuilder } from '../data/builder.ts'
import { makeBatch, valueAt } from '../data/read.ts'
import type { Schema, Value } from '../data/type.ts'
import { changeColumnNames, changeColumns } from './change-columns.ts'
import type { ConnectorOptions, DescribeContext, ReadRequest, SourceConnector, SourceDescription } from './connector.ts'
import type { ReaderFields } from './field-error.ts'
import { findFiles } from './files.ts'
import { createRowKeys } from './format/row-key.ts'
import { readJsonl } from './jsonl.ts'
import { inferJson } from './jsonl-infer.ts'
import { fileTraits, pathOption, textOption } from './source-options.ts'

/**
 * Insertions and retractions of rows, as JSON lines in the order in which they happened: the columns of the row, `_op`, `_epoch` and `_weight`.
 *
 * An incremental run gets the net change of each epoch as one weighted row for each row that changed, then a barrier. A plain run gets the rows that
 * are there at the end, each as often as it is there. Memory: every distinct row that is there.
 *
 * @throws {@link MillraceError} `DATA_UNKNOWN_RETRACTION` when more of a row was retracted by the end of an epoch than was there,
 * `DATA_EPOCH_ORDER`, and what the jsonl source throws.
 */
export const changesSource: SourceConnector = {
  kind: 'changes',
  positional: 'path',
  options: { path: { ...pathOption, summary: 'One file of changes; relative to the working directory.' } },
  takesSchema: true,
  describe: describeChanges,
  read: readChanges,
}

interface ChangesReader extends ReaderFields {
  incremental: boolean
}

async function describeChanges(options: ConnectorOptions, context: DescribeContext): Promise<SourceDescription> {
  const path = textOption(options, 'path')
  const files = findFiles(path, context)
  if (files.length > 1)
    throw sourceError('SOURCE_UNREADABLE', `expected one file of changes, found ${files.length} for '${path}'`, {
      at: context.at,
    })
  const [file] = files
  const schema = context.schema ?? inferJson(files, context.host, changeColumnNames)
  const inferred = context.schema === undefined
  const { incremental } = context
  const reader: ChangesReader = {
    schema: schema.map(({ name, type, nullable }) => ({ name, type, nullable })),
    inferred,
    incremental,
  }
  return {
    schema,
    inferred,
    sizeBytes: file.sizeBytes,
    // Rows are told apart by all of their columns, and those of one epoch belong together.
    traits: { ...fileTraits, pushProjection: false, pushLimit: false, splittable: false, weights: incremental },
    files,
    splits: [{ file, offset: 0, length: file.sizeBytes }],
    reader: reader as unknown as Value,
    changes: incremental ? 'zset' : 'insertOnly',
  }
}

/** A row somewhere in a batch, and how often it is there, or how often more than before. */
interface Counted {
  batch: Batch
  row: number
  count: number
}

function* readChanges(request: ReadRequest): Iterable<Batch | { barrier: number }> {
  const { fields } = request
  const { incremental } = request.reader as unknown as ChangesReader
  const file = request.split.file?.path
  const keyOf = createRowKeys(fields)
  const present = new Map<string, Counted>()
  const changed = new Map<string, Counted>()
  let epoch: number | undefined
  let rowNumber = 0
  for (const batch of readJsonl({ ...request, fields: [...fields, ...changeColumns], limit: undefined })) {
    for (let row = 0; row < batch.rowCount; row++) {
      rowNumber++
      const change = changeAt(batch, fields.length, row, (message) =>
        dataError('DATA_BAD_VALUE', `${message} in row ${rowNumber}`, { file }),
      )
      if (epoch !== undefined && change.epoch !== epoch) {
        if (change.epoch < epoch) {
          throw dataError(
            'DATA_EPOCH_ORDER',
            `expected epoch ${epoch} or a later one in row ${rowNumber}, found ${change.epoch}`,
            { file },
          )
        }
        applyChanges(changed, present, incremental, epoch, file)
        if (incremental) yield* epochBatches(changed, fields, epoch)
        changed.clear()
      }
      epoch = change.epoch
      count(changed, keyOf(batch.columns, row), change.weight, batch, row)
    }
  }
  if (epoch === undefined) return
  applyChanges(changed, present, incremental, epoch, file)
  if (incremental) yield* epochBatches(changed, fields, epoch)
  else yield* presentBatches(present, fields)
}

function changeAt(
  batch: Batch,
  at: number,
  row: number,
  bad: (message: string) => MillraceError,
): { epoch: number; weight: number } {
  const op = valueAt(batch.columns[at], row) ?? '+'
  const epoch = valueAt(batch.columns[at + 1], row) ?? 0
  const weight = valueAt(batch.columns[at + 2], row) ?? 1
  if (op !== '+' && op !== '-') throw bad(`expected '+' or '-' as _op, found '${op}'`)
  if (typeof epoch !== 'number' || epoch < 0) throw bad(`expected an _epoch of 0 or more, found ${epoch}`)
  if (typeof weight !== 'number' || weight < 1 || weight > maxWeight)
    throw bad(`expected a _weight from 1 to ${maxWeight}, found ${weight}`)
  return { epoch, weight: op === '+' ? weight : -weight }
}

const maxWeight = 2 ** 31 - 1

function count(rows: Map<string, Counted>, key: string, weight: number, batch: Batch, row: number): void {
  const known = rows.get(key)
  if (known === undefined) rows.set(key, { batch, row, count: weight })
  else if ((known.count += weight) === 0) rows.delete(key)
  else if (Math.abs(known.count) > maxWeight) throw resourceError('RESOURCE_LIMIT', `a row is there more than ${maxWeight} times`)
}

/** Brings what is there to the end of an epoch. */
function applyChanges(
  changed: Map<string, Counted>,
  present: Map<string, Counted>,
  incremental: boolean,
  epoch: number,
  file: string | undefined,
): void {
  for (const [key, { batch, row, count: weight }] of changed) {
    // Only the counts are needed later, so that no batch is kept alive.
    count(present, key, weight, incremental ? noBatch : batch, row)
    if ((present.get(key)?.count ?? 0) < 0) {
      throw dataError('DATA_UNKNOWN_RETRACTION', `a row was retracted in epoch ${epoch} that is not there: ${key}}`, { file })
    }
  }
}

const noBatch: Batch = makeBatch([], 0)

/** The net changes of an epoch, and its end. */
function* epochBatches(
  changed: ReadonlyMap<string, Counted>,
  fields: Schema,
  epoch: number,
): Iterable<Batch | { barrier: number }> {
  const rows = [...changed.values()]
  for (let from = 0; from < rows.length; from += targetBatchRows) {
    const some = rows.slice(from, from + targetBatchRows)
    yield batchOf(
      some,
      fields,
      epoch,
      Int32Array.from(some, (row) => row.count),
    )
  }
  yield { barrier: epoch }
}

/** The rows that are there, each as often as it is. */
function* presentBatches(present: ReadonlyMap<string, Counted>, fields: Schema): Iterable<Batch> {
  let rows: Counted[] = []
  for (const counted of present.values()) {
    for (let copy = 0; copy < counted.count; copy++) {
      rows.push(counted)
      if (rows.length < targetBatchRows) continue
      yield batchOf(rows, fields, 0)
      rows = []
    }
  }
  if (rows.length > 0) yield batchOf(rows, fields, 0)
}

function batchOf(rows: readonly Counted[], fields: Schema, epoch: number, weights?: Int32Array): Batch {
  const columns = fields.map((field, i) => {
    const builder = createBuilder(field.type, rows.length)
    for (const { batch, row } of rows) builder.appendFrom(batch.columns[i], row)
    return builder.finish()
  })
  return makeBatch(columns, rows.length, { header: { ...freshHeader, epoch }, weights })
}
