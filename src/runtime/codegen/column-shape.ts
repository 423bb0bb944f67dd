import type { Column } from '../../data/column.ts'
import type { Type } from '../../data/type.ts'

/** What generated code depends on in a column: its store, the class of its lane, whether it has nulls. */
export interface ColumnShape {
  readonly type: Type
  readonly store: Column['store']
  readonly wide: boolean
  readonly nulls: boolean
  /** Values of a dictionary, items of a list, children of a struct. */
  readonly inner: readonly ColumnShape[]
}

export function shapeOf(column: Column): ColumnShape {
  const wide = column.store === 'lane' && column.values instanceof BigInt64Array
  return {
    type: column.type,
    store: column.store,
    wide,
    nulls: column.nulls !== undefined,
    inner: innerColumns(column).map(shapeOf),
  }
}

function innerColumns(column: Column): readonly Column[] {
  if (column.store === 'dictionary') return [column.values]
  if (column.store === 'list') return [column.items]
  return column.store === 'struct' ? column.children : []
}

/** A short text that is equal for columns of equal shape and type. */
export function shapeKey(column: Column): string {
  const own = `${column.store[0]}${column.store === 'lane' && column.values instanceof BigInt64Array ? 'w' : ''}${column.nulls === undefined ? '' : 'n'}`
  const inner = innerColumns(column)
  return inner.length === 0 ? own : `${own}(${inner.map(shapeKey).join('')})`
}
