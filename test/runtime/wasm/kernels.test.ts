import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemblies, codeOf } from '../../../scripts/assemble-kernels.ts'
import { batchFromRows, valueAt } from '../../../src/data/read.ts'
import { types } from '../../../src/data/type.ts'
import type { Accumulator } from '../../../src/runtime/operators/accumulators/accumulator.ts'
import { createCount } from '../../../src/runtime/operators/accumulators/count.ts'
import { createIntSum } from '../../../src/runtime/operators/accumulators/int-sum.ts'
import { NumberTable } from '../../../src/runtime/operators/number-table.ts'
import { KernelMemory } from '../../../src/runtime/wasm/kernel-memory.ts'
import { schemaOf } from '../../data/random-batch.ts'

const [always, never] = [0, Number.POSITIVE_INFINITY]

describe('kernels', () => {
  it.each(assemblies)('are those of %s.wat', async (assembly) => {
    expect(readFileSync(`${assembly}-code.ts`, 'utf8')).toBe(await codeOf(assembly))
  })

  it('run here', () => {
    expect(KernelMemory.open()).toBeDefined()
  })

  it('number keys as the loop in TypeScript does, through growth, single keys and numbers that were skipped', () => {
    const key = fc.oneof(
      fc.integer({ min: -50, max: 50 }),
      fc.double().map((value) => (Number.isNaN(value) ? Number.NaN : value + 0)),
    )
    /** Keys of a batch; many of them in a row; or one key by itself, skipping a number first. */
    const action = fc.oneof(
      fc.record({ insert: fc.boolean(), keys: fc.array(key, { maxLength: 60 }) }),
      fc.record({ insert: fc.boolean(), from: fc.integer(), count: fc.constantFrom(700, 9_000, 20_000) }),
      fc.record({ skipBefore: fc.boolean(), single: key }),
    )
    const word = new Float64Array(1)
    const words = new Int32Array(word.buffer)
    fc.assert(
      fc.property(fc.array(action, { maxLength: 8 }), (actions) => {
        const tables = [new NumberTable(7, always), new NumberTable(7, never)]
        for (const one of actions) {
          const found = tables.map((table) => {
            if ('single' in one) {
              word[0] = one.single
              const skipped = one.skipBefore ? table.skip() : undefined
              return [skipped, table.find(words[0], words[1]), table.number(words[0], words[1])]
            }
            const keys = Float64Array.from(
              'keys' in one ? one.keys : Array.from({ length: one.count }, (_, i) => one.from + i * 3),
            )
            const groups = new Int32Array(keys.length)
            table.look(keys, keys.length, groups, one.insert)
            return groups
          })
          expect(found[0]).toEqual(found[1])
          expect(tables[0].count).toBe(tables[1].count)
        }
        expect(tables[0].keysFrom(0).length).toBe(tables[0].count)
        expect(new BigUint64Array(tables[0].keysFrom(0).slice().buffer)).toEqual(
          new BigUint64Array(tables[1].keysFrom(0).slice().buffer),
        )
      }),
      { numRuns: 100 },
    )
  })

  it('count and add as the loops in TypeScript do, with carries and growth', () => {
    const value = fc.oneof(
      { weight: 4, arbitrary: fc.integer() },
      fc.constantFrom(2 ** 52, -(2 ** 52), 2 ** 52 + 1, 2 ** 53 - 1, -(2 ** 53 - 1)),
    )
    const row = fc.tuple(fc.nat(20), value)
    const batches = fc.array(fc.tuple(fc.array(row, { minLength: 1, maxLength: 40 }), fc.constantFrom(1, 300)), { maxLength: 6 })
    const makers: ((kernelFrom: number) => Accumulator)[] = [
      (kernelFrom) => createIntSum('sum', kernelFrom),
      (kernelFrom) => createIntSum('avg', kernelFrom),
      (kernelFrom) => createCount('rows', kernelFrom),
    ]
    fc.assert(
      fc.property(fc.constantFrom(...makers), batches, (make, list) => {
        const pair = [make(always), make(never)]
        let groupCount = 1
        // Repeated, so that batches are longer than what a kernel takes at a time.
        for (const [rows, times] of list) {
          const all = Array.from({ length: times }, () => rows).flat()
          const groups = Int32Array.from(all, ([group], i) => group * 97 + (i % 1000))
          groupCount = Math.max(groupCount, Math.max(...groups) + 1)
          const { columns } = batchFromRows(
            schemaOf(types.int64),
            all.map(([, number]) => [number]),
          )
          for (const accumulator of pair) {
            accumulator.reserve(groupCount)
            accumulator.add(groups, all.length, columns)
          }
        }
        for (const accumulator of pair) accumulator.reserve(groupCount)
        const order = Int32Array.from({ length: groupCount }, (_, group) => group)
        const [found, expected] = pair.map((accumulator) => {
          const columns = [...accumulator.states(order, 0, groupCount), accumulator.results(order, 0, groupCount)]
          return columns.map((column) => Array.from(order, (group) => valueAt(column, group)))
        })
        expect(found).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  it('are missed by nobody where there is no WebAssembly', () => {
    const program = `
      import { NumberTable } from './src/runtime/operators/number-table.ts'
      const { KernelMemory } = await import('./src/runtime/wasm/kernel-memory.ts')
      delete globalThis.WebAssembly
      const table = new NumberTable(7, 0)
      const keys = Float64Array.from({ length: 50_000 }, (_, i) => i % 40_000)
      const groups = new Int32Array(keys.length)
      table.look(keys, keys.length, groups, true)
      console.log(KernelMemory.open(), table.count, groups.every((group, i) => group === keys[i]))
    `
    const args = ['--input-type=module', '-e', program]
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('undefined 40000 true\n')
  })
})
