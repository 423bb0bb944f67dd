import { bug } from '../../base/errors.ts'
import type { PhysicalNode } from '../../ir/physical.ts'
import { createSegment } from '../codegen/segment.ts'
import type { Operator, OperatorContext } from '../operator.ts'
import { createAggregate } from './aggregate.ts'
import { createGroupByKey } from './group-by-key.ts'
import { createJoin } from './join.ts'
import { createLimit } from './limit.ts'
import { createSort } from './sort.ts'
import { createTopK } from './top-k.ts'

/** Makes the operator of a physical node. Leaves and roots of stages belong to the task that runs them. */
export function createOperator(node: PhysicalNode, ctx: OperatorContext): Operator {
  switch (node.operator) {
    case 'segment':
      return createSegment(node, ctx)
    case 'aggregate':
      return createAggregate(node, ctx)
    case 'join':
      return createJoin(node, ctx)
    case 'groupByKey':
      return createGroupByKey(node, ctx)
    case 'sort':
      return createSort(node, ctx)
    case 'topK':
      return createTopK(node, ctx)
    case 'limit':
      return createLimit(node, ctx)
    default:
      throw bug(`'${node.operator}' is no operator between the leaves and the roots of a stage`)
  }
}
