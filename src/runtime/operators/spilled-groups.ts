import type { Batch } from '../../data/batch.ts'
import { hashRows } from '../../data/key.ts'
import { sliceBatch } from '../../data/read.ts'
import { readBlocks } from '../block-file.ts'
import { removeKept } from '../kept-file.ts'
import type { OperatorContext } from '../operator.ts'
import type { GroupStore } from './group-store.ts'
import { writeRun } from './write-run.ts'

/** More files than this are first merged to fewer. */
const maxRuns = 48

/**
 * Runs of partial states on disk, each ordered by hash.
 *
 * Reading goes through all runs side by side, one range of the hash after the other: what the blocks at hand hold of a range is aggregated in
 * memory. So groups come out in the order of an aggregate that never spilled, and no partition can be too large: external sort and grace
 * hashing in one, since partitions are ranges of the hash.
 */
export class SpilledGroups {
  #runs: string[] = []
  readonly #store: GroupStore
  readonly #ctx: OperatorContext
  readonly #keyCount: number

  constructor(store: GroupStore, keyCount: number, ctx: OperatorContext) {
    this.#store = store
    this.#keyCount = keyCount
    this.#ctx = ctx
  }

  get isEmpty(): boolean {
    return this.#runs.length === 0
  }

  /** Moves all groups in memory to a new run. */
  spill(): void {
    if (this.#store.count === 0) return
    this.#runs.push(writeRun(this.#ctx, this.#store.batches('states')))
    this.#store.clear()
  }

  /** All groups of all runs as results, ordered by (hash64, key). The runs are used up. */
  *results(): Generator<Batch, void> {
    while (this.#runs.length > maxRuns) {
      // In front again: merging keeps the order of arrival, which some user functions need.
      const oldest = this.#runs.splice(0, maxRuns)
      this.#runs.unshift(writeRun(this.#ctx, this.#merge(oldest, 'states')))
    }
    yield* this.#merge(this.#runs.splice(0), 'results')
  }

  *#merge(paths: readonly string[], form: 'states' | 'results'): Generator<Batch, void> {
    const { disk } = this.#ctx.host
    const cursors = paths.map(
      (path) => new Cursor(readBlocks(disk, path, this.#store.stateFields), this.#keyCount, this.#ctx.hashSeed),
    )
    try {
      for (;;) {
        const open = cursors.filter((cursor) => cursor.load())
        if (open.length === 0) break
        const lowest = open.reduce((least, cursor) => (cursor.endsBefore(least) ? cursor : least))
        const { lastHi, lastLo } = lowest
        for (const cursor of open) {
          const batch = cursor.takeUpTo(lastHi, lastLo)
          if (batch !== undefined) this.#store.takeStates(batch)
        }
        yield* this.#store.batches(form)
        this.#store.clear()
      }
    } finally {
      for (const cursor of cursors) cursor.close()
    }
    for (const path of paths) removeKept(disk, path)
  }
}

/** A place in one run. */
class Cursor {
  lastHi = 0
  lastLo = 0
  readonly #blocks: Generator<Batch, void>
  readonly #keyCount: number
  readonly #seed: number
  #batch: Batch | undefined
  #row = 0
  #lo = new Int32Array(0)
  #hi = new Int32Array(0)

  constructor(blocks: Generator<Batch, void>, keyCount: number, hashSeed: number) {
    this.#blocks = blocks
    this.#keyCount = keyCount
    this.#seed = hashSeed
  }

  /** Sees to it that rows are at hand; false at the end of the run. */
  load(): boolean {
    if (this.#batch !== undefined && this.#row < this.#batch.rowCount) return true
    const next = this.#blocks.next()
    this.#batch = next.done ? undefined : next.value
    if (this.#batch === undefined) return false
    const { rowCount, columns } = this.#batch
    this.#row = 0
    this.#lo = new Int32Array(rowCount)
    this.#hi = new Int32Array(rowCount)
    hashRows(columns.slice(0, this.#keyCount), rowCount, this.#seed, this.#lo, this.#hi)
    this.lastHi = this.#hi[rowCount - 1] >>> 0
    this.lastLo = this.#lo[rowCount - 1] >>> 0
    return true
  }

  endsBefore(other: Cursor): boolean {
    return this.lastHi < other.lastHi || (this.lastHi === other.lastHi && this.lastLo < other.lastLo)
  }

  /** The rows whose hash is at most this one. */
  takeUpTo(hi: number, lo: number): Batch | undefined {
    const batch = this.#batch
    if (batch === undefined) return undefined
    const from = this.#row
    let to = from
    while (to < batch.rowCount && (this.#hi[to] >>> 0 < hi || (this.#hi[to] >>> 0 === hi && this.#lo[to] >>> 0 <= lo))) to++
    this.#row = to
    return to === from ? undefined : sliceBatch(batch, from, to)
  }

  close(): void {
    this.#blocks.return()
  }
}
