import type { ColumnBuilder } from './builder.ts'
import type { Column, Lane } from './column.ts'

/** The rows in a builder as a column that shares its arrays; holds until the builder is written again. */
export function viewBuilder(builder: ColumnBuilder): Column {
  const { type, length } = builder
  const nulls = wholeBits(builder.nulls, length)
  switch (builder.store) {
    case 'lane':
      return { store: 'lane', type, length, nulls, values: builder.values.subarray(0, length) as Lane }
    case 'bytes':
      return { store: 'bytes', type, length, nulls, offsets: builder.offsets.subarray(0, length + 1), data: builder.data }
    case 'list':
      return {
        store: 'list',
        type,
        length,
        nulls,
        offsets: builder.offsets.subarray(0, length + 1),
        items: viewBuilder(builder.items),
      }
    case 'struct':
      return { store: 'struct', type, length, nulls, children: builder.children.map(viewBuilder) }
    case 'js':
      return { store: 'js', type, length, nulls, values: builder.values }
  }
}

/** Bytes that a builder holds in memory, room for more rows included. */
export function builderMemory(builder: ColumnBuilder): number {
  const bits = builder.nulls?.length ?? 0
  switch (builder.store) {
    case 'lane':
      return bits + builder.values.byteLength
    case 'bytes':
      return bits + builder.offsets.byteLength + builder.data.byteLength
    case 'list':
      return bits + builder.offsets.byteLength + builderMemory(builder.items)
    case 'struct':
      return builder.children.reduce((sum, child) => sum + builderMemory(child), bits)
    case 'js':
      return bits + builder.length * 64
  }
}

/** A builder's null bits reach only as far as its last null. */
function wholeBits(nulls: Uint8Array | undefined, length: number): Uint8Array | undefined {
  if (nulls === undefined) return undefined
  const bytes = (length + 7) >> 3
  if (nulls.length >= bytes) return nulls.subarray(0, bytes)
  const whole = new Uint8Array(bytes).fill(255)
  whole.set(nulls)
  return whole
}
