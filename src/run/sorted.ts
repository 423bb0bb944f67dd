import { noPlace } from '../base/place.ts'
import type { Plan } from '../ir/logical.ts'

/** Puts the rows of every result without a defined order in the order of all its columns, so that equal results print alike. */
export function sortResults(plan: Plan): Plan {
  const nodes = [...plan.nodes]
  let nextNode = plan.nextNode
  const outputs = plan.outputs.map((output) => {
    const source = plan.nodes.find((node) => node.id === output.port.node)?.outputs[output.port.out]
    if (source === undefined || source.order !== 'undefined') return output
    const by = source.fields.map(({ column, type, nullable }) => ({
      expr: { e: 'column' as const, column, type, nullable },
      desc: false,
      nullsFirst: true,
    }))
    const id = nextNode++
    nodes.push({
      id,
      op: 'sort',
      by,
      inputs: [output.port],
      outputs: [{ ...source, order: { sorted: by } }],
      at: noPlace,
      origin: [],
      hints: {},
    })
    return { ...output, port: { node: id, out: 0 } }
  })
  return { ...plan, nodes, outputs, nextNode }
}
