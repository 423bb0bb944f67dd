import type { Host } from '../base/host.ts'
import type { Batch } from '../data/batch.ts'
import { rowsOf } from '../data/read.ts'
import type { Schema, Value } from '../data/type.ts'
import { BlockWriter, readBlocks } from './block-file.ts'
import { removeKept } from './kept-file.ts'
import type { TaskOrder } from './orders.ts'
import type { RunFiles } from './run-files.ts'
import type { Collector } from './task-context.ts'

/** Results up to this size stay in memory. */
const heldBytes = 32 * 1024 * 1024

/** The collected rows of one attempt: in memory up to 32 MB, the rest in a file. JavaScript values, which no file can hold, all stay in memory. */
class CollectedRows implements Collector {
  rowCount = 0
  readonly #host: Host
  readonly #fields: Schema
  readonly #newPath: () => string
  readonly #mayHold: number
  #held: Batch[] = []
  #bytes = 0
  #writer: BlockWriter | undefined

  constructor(host: Host, fields: Schema, newPath: () => string) {
    this.#host = host
    this.#fields = fields
    this.#newPath = newPath
    this.#mayHold = fields.some(({ type }) => type.kind === 'js') ? Number.POSITIVE_INFINITY : heldBytes
  }

  add(batch: Batch): void {
    this.rowCount += batch.rowCount
    if (this.#writer === undefined && this.#bytes + batch.sizeBytes <= this.#mayHold) {
      this.#held.push(batch)
      this.#bytes += batch.sizeBytes
      return
    }
    this.#writer ??= new BlockWriter(this.#host.disk, this.#newPath())
    this.#writer.append(batch)
  }

  *batches(): Iterable<Batch> {
    yield* this.#held
    if (this.#writer === undefined) return
    yield* readBlocks(this.#host.disk, this.#writer.path, this.#fields)
  }

  get isSpooled(): boolean {
    return this.#writer !== undefined
  }

  discard(): void {
    this.#held = []
    if (this.#writer === undefined) return
    removeKept(this.#host.disk, this.#writer.path)
    this.#writer = undefined
  }
}

/** The rows of one output, held in memory or in a spool file until closed. */
export interface ResultRows {
  name: string
  fields: Schema
  rowCount: number
  batches(): Iterable<Batch>
}

/** Keeps the rows of all outputs of a run; each attempt of a collecting task has its own, the last one counts. */
export class ResultStore {
  readonly #host: Host
  readonly #files: RunFiles
  readonly #outputs: readonly { name: string; fields: Schema }[]
  readonly #collected = new Map<number, CollectedRows>()

  constructor(host: Host, files: RunFiles, outputs: readonly { name: string; fields: Schema }[]) {
    this.#host = host
    this.#files = files
    this.#outputs = outputs
  }

  collect(output: number, order: TaskOrder): Collector {
    this.#collected.get(output)?.discard()
    const rows = new CollectedRows(this.#host, this.#outputs[output].fields, () => this.#files.result(output, order.attempt))
    this.#collected.set(output, rows)
    return rows
  }

  outputs(): ResultRows[] {
    return this.#outputs.map(({ name, fields }, i) => {
      const rows = this.#collected.get(i)
      return { name, fields, rowCount: rows?.rowCount ?? 0, batches: () => rows?.batches() ?? [] }
    })
  }

  /** Do any rows stand in a file? */
  get isSpooled(): boolean {
    return [...this.#collected.values()].some((rows) => rows.isSpooled)
  }

  close(): void {
    for (const rows of this.#collected.values()) rows.discard()
  }
}

/** All rows of a result as plain values, in their order. */
export function resultToRows(result: { batches(): Iterable<Batch> }): Value[][] {
  const rows: Value[][] = []
  for (const batch of result.batches()) for (const row of rowsOf(batch)) rows.push(row)
  return rows
}
