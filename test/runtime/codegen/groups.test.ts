import { expect, it } from 'vitest'
import { freshHeader } from '../../../src/data/batch.ts'
import { batchFromRows } from '../../../src/data/read.ts'
import { type Schema, types } from '../../../src/data/type.ts'
import { groupReader } from '../../../src/runtime/codegen/groups.ts'

const fields: Schema = [
  { name: 'key', type: types.int64, nullable: false },
  { name: 'value', type: types.int64, nullable: false },
]
const shape = { fields, keys: [0], keyElement: true, element: true, grouped: true }

const clustered = (rows: number[][], starts: number[], openGroup: boolean) => ({
  ...batchFromRows(fields, rows),
  header: { ...freshHeader, openGroup },
  groupStarts: Int32Array.from(starts),
})

it('gives the memory of a group over several batches back once it was read', () => {
  const grants: number[] = []
  const reader = groupReader(shape, {
    grant(bytes) {
      grants.push(bytes)
      return 'ok'
    },
  })
  const read = (pairs: readonly unknown[]) => (pairs as [number, Iterable<number>][]).map(([key, values]) => [key, [...values]])
  expect(reader.take(clustered([[1, 10]], [0], true))).toEqual([])
  expect(grants).toEqual([])
  expect(
    read(
      reader.take(
        clustered(
          [
            [1, 11],
            [2, 20],
          ],
          [0, 1],
          false,
        ),
      ),
    ),
  ).toEqual([
    [1, [10, 11]],
    [2, [20]],
  ])
  expect(grants).toHaveLength(1)
  expect(read(reader.take(clustered([[3, 30]], [0], false)))).toEqual([[3, [30]]])
  expect(read(reader.take(clustered([[4, 40]], [0], false)))).toEqual([[4, [40]]])
  expect(grants.slice(1)).toEqual([0])
})
