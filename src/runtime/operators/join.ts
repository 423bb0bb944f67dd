import { resourceError } from '../../base/errors.ts'
import type { Batch } from '../../data/batch.ts'
import type { Operator, OperatorFactory } from '../operator.ts'
import { emitAll } from './emit.ts'
import { SpilledSide, spillPartitions, spillRoom } from './join-spill.ts'
import { type JoinShape, JoinTable } from './join-table.ts'
import { compileResidual } from './residual.ts'

/** Rows of one key cannot be split further; with another hash a level this depth is never reached otherwise. */
const maxLevel = 6

/**
 * Hash join, inner or left: input 1 is built into a table, then input 0 probes. Out: probe columns, then build columns; order not defined.
 * Memory: the build side; when it outgrows the grant both sides are split on disk by hash and joined part by part (grace hash join).
 */
export const createJoin: OperatorFactory<'join'> = (node, ctx): Operator => {
  const { kind, probeKeys, buildKeys, residual } = node.spec
  const shape: JoinShape = { kind, probeKeys, buildKeys, residual: residual && compileResidual(residual, ctx) }
  const [probeSchema, buildSchema] = ctx.inputs
  const table = new JoinTable(shape, buildSchema, ctx.hashSeed)
  let spilled: { build: SpilledSide; probe: SpilledSide } | undefined

  return {
    name: `join (${kind})`,
    push(input, batch) {
      if (input === 1) return build(batch)
      if (spilled === undefined) return emitAll(ctx, table.probe(batch))
      spilled.probe.add(batch)
    },
    finish(input) {
      if (input === 1) {
        if (spilled === undefined) table.seal()
        else spilled.build.finish()
        return
      }
      if (spilled === undefined) return
      spilled.probe.finish()
      ctx.grant(0)
      return joinParts(spilled.build, spilled.probe, 0)
    },
    close() {
      table.takeBatches()
      ctx.grant(0)
    },
  }

  function build(batch: Batch): void {
    if (spilled !== undefined) return spilled.build.add(batch)
    table.add(batch)
    if (ctx.grant(table.sizeBytes) === 'ok') return
    spilled = split(table, 0)
  }

  /** Moves a table's rows to disk; probe rows follow. */
  function split(full: JoinTable, level: number): { build: SpilledSide; probe: SpilledSide } {
    if (level >= maxLevel || buildKeys.length === 0) throw outOfMemory(full, node.id)
    // The table goes while the rows of its batches are copied.
    const batches = full.takeBatches()
    const batchBytes = spillRoom(ctx)
    const sides = {
      build: new SpilledSide(buildKeys, buildSchema, level, ctx, batchBytes),
      probe: new SpilledSide(probeKeys, probeSchema, level, ctx, batchBytes),
    }
    for (const batch of batches) sides.build.add(batch)
    return sides
  }

  async function joinParts(buildSide: SpilledSide, probeSide: SpilledSide, level: number): Promise<void> {
    for (let part = 0; part < spillPartitions; part++) {
      const own = new JoinTable(shape, buildSchema, ctx.hashSeed)
      let deeper: { build: SpilledSide; probe: SpilledSide } | undefined
      for (const batch of buildSide.read(part)) {
        if (deeper !== undefined) deeper.build.add(batch)
        else {
          own.add(batch)
          if (ctx.grant(own.sizeBytes) === 'spill') deeper = split(own, level + 1)
        }
      }
      if (deeper === undefined) {
        own.seal()
        for (const batch of probeSide.read(part)) await emitAll(ctx, own.probe(batch))
        continue
      }
      deeper.build.finish()
      for (const batch of probeSide.read(part)) deeper.probe.add(batch)
      deeper.probe.finish()
      await joinParts(deeper.build, deeper.probe, level + 1)
    }
  }
}

function outOfMemory(table: JoinTable, node: number) {
  return resourceError(
    'RESOURCE_MEMORY',
    `the rows of ${table.keyCount} keys on one side of a join need ${table.sizeBytes} bytes`,
    {
      operator: `join ${node}`,
      hint: 'raise --memory, or put the smaller input on the right side of the join',
    },
  )
}
