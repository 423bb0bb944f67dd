import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeHost } from '../../src/base/node-host.ts'
import type { Batch } from '../../src/data/batch.ts'
import type { Column } from '../../src/data/column.ts'
import { batchFromRows, rowsOf } from '../../src/data/read.ts'
import type { Schema, Value } from '../../src/data/type.ts'
import type { PhysicalForm, PhysicalNode } from '../../src/ir/physical.ts'
import type { FunctionTable, UserFunction } from '../../src/ir/user-function.ts'
import { newOperatorMetrics, type OperatorContext } from '../../src/runtime/operator.ts'
import { createOperator } from '../../src/runtime/operators/registry.ts'
import { StagePeers } from '../../src/runtime/stage-peers.ts'

export interface OperatorRun {
  inputs: readonly Schema[]
  fields: Schema
  /** Bytes that `grant` allows; no limit when absent. */
  memoryBytes?: number
  functions?: FunctionTable
}

/** What is fed, in order: batches of an input, its end (at the latest after all feeds), or the end of an epoch for all inputs. */
export type Feed = { input: number; batch: Batch } | { barrier: number } | { finish: number }

export interface OperatorResult {
  batches: Batch[]
  barriers: { epoch: number; afterBatches: number }[]
  spilledBytes: number
  isDone: boolean
}

/** Runs one operator to its end over a real folder for spilled rows; every emit first finds no credit, to see that it waits. */
export async function runOperator(form: PhysicalForm, options: OperatorRun, feeds: readonly Feed[]): Promise<OperatorResult> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-operator-'))
  const result: OperatorResult = { batches: [], barriers: [], spilledBytes: 0, isDone: false }
  const metrics = newOperatorMetrics()
  let files = 0
  let busy = false
  const peers = new StagePeers({ open: () => ({ grant: (bytes: number) => ctx.grant(bytes), release() {} }) })
  peers.enter()
  const ctx: OperatorContext = {
    emit(batch) {
      if (busy) throw new Error('emitted without credit')
      if (batch.columns.length !== options.fields.length) throw new Error('wrong number of columns')
      busy = true
      result.batches.push(batch)
      return Promise.resolve().then(() => {
        busy = false
      })
    },
    emitBarrier(epoch) {
      result.barriers.push({ epoch, afterBatches: result.batches.length })
      return undefined
    },
    done() {
      result.isDone = true
    },
    grant: (bytes) => (bytes <= (options.memoryBytes ?? Number.POSITIVE_INFINITY) ? 'ok' : 'spill'),
    share: (make) => peers.share(1, make),
    textNumbering: () => undefined,
    lends: () => false,
    pause: () => undefined,
    isDone: () => false,
    host: nodeHost(),
    spillPath: () => join(folder, `${files++}`),
    signal: new AbortController().signal,
    fn: (ref) => options.functions?.get(ref.id) as UserFunction,
    metrics,
    hashSeed: 42,
    interpreted: false,
    inputs: options.inputs,
    fields: options.fields,
  }
  const operator = createOperator(nodeOf(form, options.fields), ctx)
  const ended = new Set<number>()
  const finish = async (input: number): Promise<void> => {
    if (!result.isDone && !ended.has(input)) await operator.finish(input)
    ended.add(input)
  }
  try {
    for (const feed of feeds) {
      if ('barrier' in feed) await operator.barrier?.(feed.barrier)
      else if ('finish' in feed) await finish(feed.finish)
      else if (result.isDone) continue
      else if (operator.borrows !== true) await operator.push(feed.input, feed.batch)
      else {
        const lent = structuredClone(feed.batch)
        await operator.push(feed.input, lent)
        lent.columns.forEach(overwrite)
      }
    }
    for (let input = options.inputs.length - 1; input >= 0; input--) await finish(input)
  } finally {
    operator.close()
    rmSync(folder, { recursive: true, force: true })
  }
  result.spilledBytes = metrics.spilledBytes
  return result
}

/** What was lent is used again. */
function overwrite(column: Column): void {
  if (column.store === 'lane') column.values.fill((column.values instanceof BigInt64Array ? 77n : 77) as never)
  if (column.store === 'bytes') column.data.fill(77)
  if (column.store === 'bytes') column.offsets.fill(0)
  if (column.store === 'dictionary') column.codes.fill(0)
  column.nulls?.fill(0)
}

function nodeOf(form: PhysicalForm, fields: Schema): PhysicalNode {
  const properties = { partitioning: { by: 'gather', count: 1 }, order: 'undefined', unique: [] } as const
  return { ...form, id: 1, inputs: [], inputOrder: 'build-first', tier: 'A', from: [], fields, properties }
}

export const allRows = (batches: readonly Batch[]): Value[][] => batches.flatMap(rowsOf)

/** Rows cut into batches of these sizes, over and over. */
export function cut(schema: Schema, rows: readonly (readonly Value[])[], sizes: readonly number[]): Batch[] {
  const batches: Batch[] = []
  for (let at = 0, i = 0; at < rows.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length])
    batches.push(batchFromRows(schema, rows.slice(at, at + size)))
    at += size
  }
  return batches
}

export const feedsOf = (batches: readonly Batch[], input = 0): Feed[] => batches.map((batch) => ({ input, batch }))
