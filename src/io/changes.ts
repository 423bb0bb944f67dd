import { type MillraceError, resourceError, sourceError } from '../base/errors.ts'
import { type Batch, freshHeader, targetBatchRows } from '../data/batch.ts'
import { createBuilder } from '../data/builder.ts'
import { makeBatch, valueAt } from '../data/read.ts'
import type { Schema, Value } from '../data/type.ts'
import { changeColumnHints, changeColumnNames, changeColumns } from './change-columns.ts'
import type { ConnectorOptions, DescribeContext, ReadRequest, SourceConnector, SourceDescription } from './connector.ts'
import type { ReaderFields } from './field-error.ts'
import { findFiles } from './files.ts'
import { createRowKeys } from './format/row-key.ts'
import { jsonlError, readJsonl } from './jsonl.ts'
import { inferJson } from './jsonl-infer.ts'
import type { DataCode } from './lines.ts'
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
    hints: changeColumnHints,
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

/** A row somewhere in a batch, how often it is there, or how often more than before, and which line of the file retracted it last. */
interface Counted {
  batch: Batch
  row: number
  count: number
  line: number
}

function* readChanges(request: ReadRequest): Iterable<Batch | { barrier: number }> {
  const { fields } = request
  const { incremental } = request.reader as unknown as ChangesReader
  const keyOf = createRowKeys(fields)
  const present = new Map<string, Counted>()
  const changed = new Map<string, Counted>()
  const bad: BadLine = (line, code, message, hint) => jsonlError(request, line, code, message, hint)
  let epoch: number | undefined
  let line = -1
  // A line that is left out would make others wrong: its retraction, or the row that it retracts.
  const lines = { ...request, fields: [...fields, ...changeColumns], limit: undefined, lent: false, onBadRecord: undefined }
  for (const batch of readJsonl(lines)) {
    for (let row = 0; row < batch.rowCount; row++) {
      line++
      const change = changeAt(batch, fields.length, row, line, bad)
      const next = change.epoch ?? 0
      if (epoch !== undefined && next !== epoch) {
        if (next < epoch) throw epochOrder(line, epoch, change.epoch, bad)
        applyChanges(changed, present, incremental, epoch, bad)
        if (incremental) yield* epochBatches(changed, fields, epoch)
        changed.clear()
      }
      epoch = next
      count(changed, keyOf(batch.columns, row), { batch, row, count: change.weight, line })
    }
  }
  if (epoch === undefined) return
  applyChanges(changed, present, incremental, epoch, bad)
  if (incremental) yield* epochBatches(changed, fields, epoch)
  else yield* presentBatches(present, fields)
}

/** Makes the error of a line: of the n-th that is not empty, from 0. */
type BadLine = (line: number, code: DataCode, message: string, hint?: string) => MillraceError

/** What a line says beside its row; no epoch when it names none. */
function changeAt(batch: Batch, at: number, row: number, line: number, bad: BadLine): { epoch?: number; weight: number } {
  const op = valueAt(batch.columns[at], row) ?? '+'
  const epoch = valueAt(batch.columns[at + 1], row) ?? undefined
  const weight = valueAt(batch.columns[at + 2], row) ?? 1
  const refuse = (column: string, message: string) => bad(line, 'DATA_BAD_VALUE', message, changeColumnHints[column])
  if (op !== '+' && op !== '-') throw refuse('_op', `expected '+' or '-' as _op, found '${op}'`)
  if (epoch !== undefined && (typeof epoch !== 'number' || epoch < 0))
    throw refuse('_epoch', `expected an _epoch of 0 or more, found ${epoch}`)
  if (typeof weight !== 'number' || weight < 1 || weight > maxWeight)
    throw refuse('_weight', `expected a _weight from 1 to ${maxWeight}, found ${weight}`)
  return { epoch, weight: op === '+' ? weight : -weight }
}

function epochOrder(line: number, epoch: number, found: number | undefined, bad: BadLine): MillraceError {
  const hint = found === undefined ? 'a line without _epoch is of epoch 0' : 'sort the lines by _epoch'
  return bad(line, 'DATA_EPOCH_ORDER', `expected epoch ${epoch} or a later one, found ${found ?? 'none'}`, hint)
}

const maxWeight = 2 ** 31 - 1

function count(rows: Map<string, Counted>, key: string, change: Counted): void {
  const known = rows.get(key)
  if (known === undefined) {
    rows.set(key, change)
    return
  }
  if (change.count < 0) known.line = change.line
  if ((known.count += change.count) === 0) rows.delete(key)
  else if (Math.abs(known.count) > maxWeight) throw resourceError('RESOURCE_LIMIT', `a row is there more than ${maxWeight} times`)
}

/** Brings what is there to the end of an epoch. */
function applyChanges(
  changed: Map<string, Counted>,
  present: Map<string, Counted>,
  incremental: boolean,
  epoch: number,
  bad: BadLine,
): void {
  for (const [key, change] of changed) {
    // Only the counts are needed later, so that no batch is kept alive.
    count(present, key, incremental ? { ...change, batch: noBatch } : { ...change })
    if ((present.get(key)?.count ?? 0) < 0) {
      const message = `a row was retracted in epoch ${epoch} that is not there: ${key}}`
      throw bad(change.line, 'DATA_UNKNOWN_RETRACTION', message)
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
