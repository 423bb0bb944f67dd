import type { Field, LogicalNode, NodeOf, Output } from '../../ir/logical.ts'
import { appendStep, type ComputedField, copyFields, projectTo, rowShape, type Stream, toOrdinals } from './draft.ts'

type NarrowNode = NodeOf<'project' | 'filter' | 'parallelDo' | 'unnest'>

export function isNarrow(node: LogicalNode): node is NarrowNode {
  return node.op === 'project' || node.op === 'filter' || node.op === 'parallelDo' || node.op === 'unnest'
}

/** Adds an operation that needs one row at a time to the open segment of a stream. */
export function lowerNarrow(node: NarrowNode, stream: Stream, input: Output): Stream {
  const output = node.outputs[0]
  switch (node.op) {
    case 'project': {
      const exprs = new Map(node.exprs.map(({ column, expr }) => [column, expr]))
      const fields = output.fields.map((field): ComputedField => ({ ...field, expr: exprs.get(field.column)! }))
      return projectTo(stream, fields, node.id)
    }
    case 'filter':
      return appendStep(
        stream,
        { step: 'filter', predicate: toOrdinals(node.predicate, stream.fields), from: node.id },
        stream.fields,
      )
    case 'unnest':
      return lowerUnnest(node, stream)
    case 'parallelDo': {
      const step = {
        step: 'parallelDo',
        shape: node.shape,
        fn: node.fn,
        input: rowShape(input, stream.fields),
        output: rowShape(output),
        at: node.at,
        from: node.id,
      } as const
      if (node.shape === 'filter') return appendStep(stream, step, output.fields)
      return { ...appendStep(stream, step, output.fields), hashedBy: undefined }
    }
  }
}

function lowerUnnest(node: NodeOf<'unnest'>, stream: Stream): Stream {
  const output = node.outputs[0]
  const item = output.fields.find((field) => field.column === node.item) ?? itemField(node)
  const ordinal = output.fields.find((field) => field.column === node.ordinal)
  const row: Field[] = [...stream.fields, item, ...(ordinal === undefined ? [] : [ordinal])]
  const opened = appendStep(
    stream,
    {
      step: 'unnest',
      expr: toOrdinals(node.expr, stream.fields),
      name: item.name,
      itemType: item.type,
      itemNullable: item.nullable,
      ...(ordinal === undefined ? {} : { ordinalName: ordinal.name }),
      outer: node.outer,
      from: node.id,
    },
    row,
  )
  return projectTo(opened, copyFields(output.fields), node.id)
}

/** An item that nothing reads is no field of the output, and still makes the rows. */
function itemField(node: NodeOf<'unnest'>): Field {
  const type = node.expr.type
  return type.kind === 'array'
    ? { name: 'item', column: node.item, type: type.item, nullable: true }
    : { name: 'item', column: node.item, type, nullable: true }
}
