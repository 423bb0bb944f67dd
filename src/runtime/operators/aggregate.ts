import { resourceError } from '../../base/errors.ts'
import type { Batch } from '../../data/batch.ts'
import { targetBatchRows } from '../../data/batch.ts'
import { makeBatch } from '../../data/read.ts'
import type { Operator, OperatorFactory } from '../operator.ts'
import { emitAll } from './emit.ts'
import { GroupChanges } from './group-changes.ts'
import { GroupStore } from './group-store.ts'
import { SpilledGroups } from './spilled-groups.ts'

/** After this many rows a partial aggregate looks whether it makes them fewer. */
const trialRows = 100_000
const worthwhileShare = 0.5

/**
 * Hash aggregate: phases complete, partial (rows to states) and final (states to results).
 *
 * Out: one row a group ordered by (hash64, key), so that it depends neither on arrival nor on spilling; without keys always one row.
 * Memory: O(groups); complete and final spill states by ranges of the hash, partial emits its states and starts afresh.
 * By epochs it emits changes: see `GroupChanges`.
 */
export const createAggregate: OperatorFactory<'aggregate'> = (node, ctx): Operator => {
  const { keys, phase, changes } = node.spec
  const store = new GroupStore(node.spec, ctx)
  const spilled = new SpilledGroups(store, keys.length, ctx)
  let tracked = changes === 'zset' ? new GroupChanges(store, ctx.fields, keys.length) : undefined
  let rowsSinceClear = 0
  let passThrough = false

  return {
    name: `aggregate (${phase})`,
    push(_input, batch) {
      store.take(batch)
      tracked?.touch(store.groups, batch.rowCount, batch.weights)
      rowsSinceClear += batch.rowCount
      return phase === 'partial' ? relievePartial() : relieve()
    },
    async finish() {
      if (phase === 'partial') {
        store.ensureGroup()
        return emitStates()
      }
      if (tracked !== undefined) return emitAll(ctx, tracked.batches())
      store.ensureGroup()
      if (spilled.isEmpty) return emitAll(ctx, store.batches('results'))
      spilled.spill()
      await emitAll(ctx, spilled.results())
    },
    async barrier(epoch) {
      if (phase === 'partial') await emitStates()
      else {
        if (!spilled.isEmpty) throw outOfMemory(store.sizeBytes)
        tracked ??= trackFromNow()
        await emitAll(ctx, tracked.batches())
      }
      await ctx.emitBarrier(epoch)
    },
    close() {
      store.clear()
      ctx.grant(0)
    },
  }

  function relieve(): void {
    const bytes = store.sizeBytes + (tracked?.sizeBytes ?? 0)
    if (ctx.grant(bytes) === 'ok') return
    // What was emitted in earlier epochs must be at hand, so groups by epochs stay in memory.
    if (tracked !== undefined) throw outOfMemory(bytes)
    spilled.spill()
    ctx.grant(store.sizeBytes)
  }

  function relievePartial(): undefined | Promise<void> {
    if (!passThrough && rowsSinceClear >= trialRows) {
      passThrough = store.count > rowsSinceClear * worthwhileShare
      rowsSinceClear = passThrough ? rowsSinceClear : Number.NEGATIVE_INFINITY
    }
    if (passThrough ? store.count >= targetBatchRows : ctx.grant(store.sizeBytes) === 'spill') return emitStates()
    return undefined
  }

  /** The states of all groups; by epochs with the net number of rows as weight, which tells the final phase when a group is emptied. */
  async function emitStates(): Promise<void> {
    await emitAll(ctx, tracked === undefined ? store.batches('states') : weighted(tracked))
    store.clear()
    tracked?.clear()
    rowsSinceClear = Math.min(0, rowsSinceClear)
    ctx.grant(store.sizeBytes)
  }

  function* weighted(tracking: GroupChanges): Generator<Batch, void> {
    const order = store.table.order()
    for (let from = 0; from < order.length; from += targetBatchRows) {
      const to = Math.min(order.length, from + targetBatchRows)
      yield makeBatch(store.rows('states', order, from, to), to - from, { weights: tracking.weightsOf(order.subarray(from, to)) })
    }
  }

  /** Rows that came before the first epoch's end only ever add. */
  function trackFromNow(): GroupChanges {
    const tracking = new GroupChanges(store, ctx.fields, keys.length)
    const all = Int32Array.from({ length: store.count }, (_, group) => group)
    tracking.touch(all, all.length, undefined)
    return tracking
  }

  function outOfMemory(bytes: number) {
    return resourceError('RESOURCE_MEMORY', `an aggregate by epochs needs more than the budget holds, has ${bytes} bytes`, {
      operator: `aggregate ${node.id}`,
      hint: 'raise --memory',
    })
  }
}
