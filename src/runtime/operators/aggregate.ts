import { resourceError } from '../../base/errors.ts'
import type { Operator, OperatorFactory } from '../operator.ts'
import { emitAll } from './emit.ts'
import { GroupChanges } from './group-changes.ts'
import { GroupStore } from './group-store.ts'
import { createPartialAggregate } from './partial-aggregate.ts'
import { SpilledGroups } from './spilled-groups.ts'
import { textNumberingOf } from './text-numbering.ts'

/**
 * Hash aggregate: complete (rows to results) and final (states to results); see `createPartialAggregate` for the third phase.
 *
 * Out: one row a group ordered by (hash64, key), so that it depends neither on arrival nor on spilling; without keys always one row.
 * Memory: O(groups); states are spilled by ranges of the hash. By epochs it emits changes: see `GroupChanges`.
 */
export const createAggregate: OperatorFactory<'aggregate'> = (node, ctx): Operator => {
  const { keys, phase, changes } = node.spec
  if (phase === 'partial') return createPartialAggregate(node, ctx)
  const store = new GroupStore(node.spec, ctx)
  const spilled = new SpilledGroups(store, keys.length, ctx)
  let tracked = changes === 'zset' ? new GroupChanges(store, ctx.fields, keys.length) : undefined

  return {
    name: `aggregate (${phase})`,
    borrows: true,
    textNumbering: textNumberingOf(node.spec, ctx.inputs[0], () => store),
    push(_input, batch) {
      const growing = tracked === undefined ? store.growingBytes(batch.rowCount) : 0
      if (growing > 0 && ctx.grant(growing) === 'spill') spilled.spill()
      store.take(batch)
      tracked?.touch(store.groups, batch.rowCount, batch.weights)
      const bytes = store.sizeBytes + (tracked?.sizeBytes ?? 0)
      if (ctx.grant(bytes) === 'ok') return
      // What was emitted in earlier epochs must be at hand, so groups by epochs stay in memory.
      if (tracked !== undefined) throw outOfMemory(bytes)
      spilled.spill()
      ctx.grant(store.sizeBytes)
    },
    async finish() {
      if (tracked !== undefined) return emitAll(ctx, tracked.batches())
      store.ensureGroup()
      if (spilled.isEmpty) return emitAll(ctx, store.batches('results'))
      spilled.spill()
      await emitAll(ctx, spilled.results())
    },
    async barrier(epoch) {
      if (!spilled.isEmpty) throw outOfMemory(store.sizeBytes)
      tracked ??= trackFromNow()
      await emitAll(ctx, tracked.batches())
      await ctx.emitBarrier(epoch)
    },
    close() {
      store.clear()
      ctx.grant(0)
    },
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
