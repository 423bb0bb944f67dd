import type { Batch } from '../../src/data/batch.ts'
import type { LaneColumn } from '../../src/data/column.ts'
import type { Type } from '../../src/data/type.ts'
import { types } from '../../src/data/type.ts'
import type { PhysicalAggCall, PhysicalNodeOf } from '../../src/ir/physical.ts'
import { MemoryBudget } from '../../src/runtime/memory.ts'
import type { OperatorContext } from '../../src/runtime/operator.ts'
import { createAggregate } from '../../src/runtime/operators/aggregate.ts'
import { begin, end } from '../report-usage.js'
import { Digest, type KeyKind, makeBatches, schemaOf } from './rows.ts'

// The aggregate operator over batches in memory, as a task of an inline run calls it: one partition, no exchange.
const kind = process.argv[2] as KeyKind
const batches = makeBatches(kind, Number(process.argv[3]))
const fields = schemaOf(kind)
const call = (fn: string, args: number[]): PhysicalAggCall => ({
  name: fn,
  fn,
  args,
  argTypes: args.map((): Type => types.int64),
  distinct: false,
  returns: types.int64,
  nullable: true,
  algebra: { associative: true, commutative: true, idempotent: false, invertible: true },
})
const spec = { keys: [0], calls: [call('count', []), call('sum', [1])], phase: 'complete', changes: 'insertOnly' }
const made: Batch[] = []
const account = new MemoryBudget(8 * 2 ** 30).open()
const context: Partial<OperatorContext> = {
  emit(batch) {
    made.push(batch)
    return undefined
  },
  grant: (bytes) => account.grant(bytes),
  pause: () => undefined,
  signal: new AbortController().signal,
  hashSeed: 42,
  inputs: [fields],
  fields: [fields[0], { name: 'n', type: types.int64, nullable: false }, { name: 'sum', type: types.int64, nullable: true }],
}

begin()
const operator = createAggregate({ spec } as unknown as PhysicalNodeOf<'aggregate'>, context as OperatorContext)
for (const batch of batches) operator.push(0, batch)
await operator.finish(0)
end()

const digest = new Digest()
for (const { columns, rowCount } of made) {
  const [counts, sums] = columns.slice(1) as LaneColumn[]
  for (let row = 0; row < rowCount; row++) digest.add(Number(counts.values[row]), Number(sums.values[row]))
}
console.log(`${digest}`)
