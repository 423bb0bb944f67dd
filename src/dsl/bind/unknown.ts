import type { Place } from '../../base/place.ts'
import type { Type } from '../../data/type.ts'
import { types } from '../../data/type.ts'
import type { Expr } from '../../ir/expr.ts'

/**
 * The type of what could not be bound, told by its identity. Binding goes on after an error so that the next mistake is found, too; the plan
 * is never made, so that nothing else meets this type.
 */
export const unknownType: Type = Object.freeze({ ...types.js })

/** Stands for an expression with an error. */
export const unknownExpr = (at: Place): Expr => ({ e: 'constant', value: null, type: unknownType, nullable: true, at })

/** Thrown where something depends on what has been reported already: it says nothing itself. */
export class FollowOn extends Error {}
