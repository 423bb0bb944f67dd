import { exhaustive } from '../base/assert.ts'
import type { LogicalNode, NodeOf } from '../ir/logical.ts'

/** Estimated rows and bytes of a stream; undefined where nothing is known. */
export interface Size {
  rows?: number
  bytes?: number
  from: 'source' | 'default'
}

/** Factors where nothing better is known: Crunch keeps half of the rows at a filter; a text line has about eight words. */
const defaultFactors = { filter: 0.5, expand: 8, aggregate: 0.1 } as const

function scaleSize(size: Size, rows: number, bytes = rows): Size {
  return {
    rows: size.rows === undefined ? undefined : Math.ceil(size.rows * rows),
    bytes: size.bytes === undefined ? undefined : Math.ceil(size.bytes * bytes),
    from: 'default',
  }
}

/** Where nobody knows how many rows there are. */
const defaultRowBytes = 64

/** At most `count` rows, of the same width. */
export function capSize(size: Size, count: number): Size {
  if (size.rows === undefined) {
    return size.bytes === undefined ? size : { ...size, bytes: Math.min(size.bytes, count * defaultRowBytes), from: 'default' }
  }
  if (size.rows <= count) return size
  return {
    rows: count,
    bytes: size.bytes === undefined ? undefined : Math.ceil((size.bytes * count) / size.rows),
    from: size.from,
  }
}

/** Rows after one operation that looks at one row at a time. */
export function narrowSize(
  size: Size,
  op: 'filter' | 'unnest' | 'project' | 'parallelDo',
  { shape, fieldCount }: { shape?: 'map' | 'filter' | 'flatMap' | 'do'; fieldCount: number },
): Size {
  switch (op) {
    case 'filter':
      return scaleSize(size, defaultFactors.filter)
    case 'unnest':
      return scaleSize(size, defaultFactors.expand)
    case 'parallelDo':
      if (shape === 'map') return size
      return shape === 'filter' ? scaleSize(size, defaultFactors.filter) : scaleSize(size, defaultFactors.expand, 1)
    case 'project':
      return fieldCount === 0 ? { ...size, bytes: 0 } : size
  }
}

/** @param fieldCount - how many of the columns are read. */
export function sourceSize(node: NodeOf<'source'>, fieldCount: number): Size {
  const { sizeBytes, rowCount, fields: all } = node.described
  const share = all.length === 0 ? 1 : fieldCount / all.length
  const size: Size = { rows: rowCount, bytes: sizeBytes === undefined ? undefined : Math.ceil(sizeBytes * share), from: 'source' }
  return node.pushed.limit === undefined ? size : capSize(size, node.pushed.limit * Math.max(1, node.described.splits.length))
}

export const valuesSize = (node: NodeOf<'values'>): Size => ({
  rows: node.rows.length,
  bytes: node.rows.length * node.outputs[0].fields.length * 16,
  from: 'source',
})

/** As many rows as the probe side has: most joins look up a key. */
export function joinSize(probe: Size, build: Size): Size {
  if (probe.rows === undefined || probe.bytes === undefined || !build.rows || build.bytes === undefined)
    return { rows: probe.rows, from: 'default' }
  return { rows: probe.rows, bytes: Math.ceil(probe.bytes + (build.bytes / build.rows) * probe.rows), from: 'default' }
}

export function aggregateSize(node: Pick<NodeOf<'aggregate'>, 'by' | 'phase'>, size: Size): Size {
  if (node.by.length === 0) return { rows: 1, bytes: 16, from: 'default' }
  return node.phase === 'final' ? size : scaleSize(size, defaultFactors.aggregate)
}

/** Rows by key, with all values of the key. */
export const groupedSize = (size: Size): Size => scaleSize(size, defaultFactors.aggregate, 1)

export function addSizes(a: Size, b: Size): Size {
  const sum = (x?: number, y?: number): number | undefined => (x === undefined || y === undefined ? undefined : x + y)
  return {
    rows: sum(a.rows, b.rows),
    bytes: sum(a.bytes, b.bytes),
    from: a.from === 'source' && b.from === 'source' ? 'source' : 'default',
  }
}

/** What a node of a logical plan makes of its inputs. */
export function nodeSize(node: LogicalNode, inputs: readonly Size[]): Size {
  const [input] = inputs
  switch (node.op) {
    case 'source':
      return sourceSize(node, node.outputs[0].fields.length)
    case 'values':
      return valuesSize(node)
    case 'filter':
    case 'project':
    case 'unnest':
    case 'parallelDo':
      return narrowSize(input, node.op, {
        shape: node.op === 'parallelDo' ? node.shape : undefined,
        fieldCount: node.outputs[0].fields.length,
      })
    case 'aggregate':
      return aggregateSize(node, input)
    case 'distinct':
      return scaleSize(input, defaultFactors.aggregate)
    case 'groupByKey':
      return groupedSize(input)
    case 'join':
      return joinSize(input, inputs[1])
    case 'flatten':
      return inputs.reduce(addSizes)
    case 'sort':
      return input
    case 'limit':
    case 'topK':
      return capSize(input, node.count)
    case 'sink':
      return { rows: 0, bytes: 0, from: 'default' }
    default:
      return exhaustive(node)
  }
}
