import { bug } from '../../../base/errors.ts'
import type { Schema } from '../../../data/type.ts'
import type { PhysicalAggCall } from '../../../ir/physical.ts'
import type { CombineFn } from '../../../ir/user-function.ts'
import type { OperatorContext } from '../../operator.ts'
import type { Accumulator } from './accumulator.ts'
import { createArrayAgg, createStringAgg } from './collect.ts'
import { createCount } from './count.ts'
import { createDistinct } from './distinct.ts'
import { createExtreme } from './extreme.ts'
import { createFloatSum } from './float-sum.ts'
import { createIntSum } from './int-sum.ts'
import { createUserAggregate } from './user.ts'

/** The accumulator of a call; `fields` is the operator's input row, for the names that a user's aggregate sees. */
export function createAccumulator(
  call: PhysicalAggCall,
  fields: Schema,
  ctx: Pick<OperatorContext, 'hashSeed' | 'fn'>,
): Accumulator {
  const inner = createPlain(call, fields, ctx)
  if (!call.distinct || call.args.length === 0 || isIdempotent(call)) return inner
  return createDistinct(inner, call.argTypes, call.fn !== 'array_agg', ctx.hashSeed)
}

/** Repeated arguments change nothing in these, so that `distinct` needs no set. */
const isIdempotent = (call: PhysicalAggCall): boolean => call.algebra.idempotent && typeof call.fn === 'string'

function createPlain(call: PhysicalAggCall, fields: Schema, ctx: Pick<OperatorContext, 'fn'>): Accumulator {
  const { fn, argTypes, returns } = call
  if (typeof fn !== 'string') {
    const argNames = call.args.map((column) => fields[column].name)
    return createUserAggregate({
      fn: ctx.fn(fn) as unknown as CombineFn<unknown, unknown, unknown>,
      label: fn.label,
      argNames,
      returns,
    })
  }
  switch (fn) {
    case 'count':
      return createCount(call.args.length === 0 ? 'rows' : 'notNull')
    case 'countif':
      return createCount('true')
    case 'sum':
    case 'avg':
      // The argument of a final phase is the state: bytes for floats, integers for integers.
      return argTypes[0].kind === 'int64' ? createIntSum(fn) : createFloatSum(fn)
    case 'min':
    case 'any_value':
    case 'logical_and':
      return createExtreme(returns, -1)
    case 'max':
    case 'logical_or':
      return createExtreme(returns, 1)
    case 'string_agg':
      return createStringAgg(argTypes.length > 1)
    case 'array_agg':
      if (returns.kind === 'array') return createArrayAgg(returns.item)
      break
  }
  throw bug(`the aggregate '${fn}' has no accumulator`)
}
