import { availableParallelism } from 'node:os'
import type { BackendTraits } from '../ir/traits.ts'
import { kernelNames } from './kernels/index.ts'

/** What every backend that runs our own operators can do. A sink takes weights when its connector does. */
export function localTraits(name: string, maxWorkers: number): BackendTraits {
  const plain = { weights: false }
  const weighted = { weights: true }
  return {
    name,
    operators: {
      scan: weighted,
      values: weighted,
      receive: weighted,
      segment: weighted,
      aggregate: weighted,
      join: plain,
      groupByKey: plain,
      sort: plain,
      topK: plain,
      limit: plain,
      send: weighted,
      sink: weighted,
      collect: plain,
    },
    functions: kernelNames,
    userFunctions: true,
    maxWorkers,
  }
}

export const coreCount = (): number => availableParallelism()
