import { isMillraceError, runError, thrownMessage } from '../base/errors.ts'
import type { Place } from '../base/place.ts'
import { userFrame } from '../base/stack.ts'
import { fromJsValue, toJsValue } from '../data/js-value.ts'
import type { Value } from '../data/type.ts'
import type { CallUserFunction } from '../ir/evaluate.ts'
import type { FnRef } from '../ir/expr.ts'
import type { OperatorContext } from './operator.ts'

/** Calls the user functions of expressions: arguments and result by their declared types, an error of theirs as `RUN_FUNCTION_FAILED`. */
export function userCalls(ctx: Pick<OperatorContext, 'fn'>): CallUserFunction {
  return (ref, args) => {
    const live = ctx.fn(ref) as (...args: unknown[]) => unknown
    let result: unknown
    try {
      result = live(...args.map((arg, i) => (ref.args?.[i] === undefined ? arg : toJsValue(ref.args[i], arg))))
    } catch (error) {
      throw functionFailed(error, ref)
    }
    return ref.returns === undefined ? (result as Value) : fromJsValue(ref.returns, result, true, `result of ${ref.label}`)
  }
}

/** What a user function threw, with its name; `where` says which row. An error of ours stays what it is. */
export function functionFailed(error: unknown, { label }: Pick<FnRef, 'label'>, where = '', at?: Place): unknown {
  if (isMillraceError(error)) return error
  const frame = userFrame(error)
  const isElsewhere = frame !== undefined && (frame.file !== at?.file || frame.line !== at.line)
  const details = {
    ...(at !== undefined && at.line > 0 ? { at } : {}),
    ...(isElsewhere ? { related: [{ at: frame, text: 'thrown here' }] } : {}),
    operator: label,
    cause: error,
  }
  return runError('RUN_FUNCTION_FAILED', `${label} threw '${thrownMessage(error)}'${where}`, details)
}
