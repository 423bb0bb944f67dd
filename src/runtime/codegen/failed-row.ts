import { isMillraceError, MillraceError, thrownMessage } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { isThrownHere } from '../../base/stack.ts'
import { RowPlaces } from '../../io/row-places.ts'
import type { FnRef } from '../../ir/expr.ts'
import type { SegmentStep } from '../../ir/physical.ts'
import type { OperatorContext } from '../operator.ts'
import { type FailedRow, isRowError } from '../row-errors.ts'
import { rowText } from '../row-text.ts'
import { functionFailed } from '../user-calls.ts'
import type { SegmentInput } from './shape.ts'
import { heldValues } from './support.ts'

/** A function of a segment. */
export interface SegmentClosure {
  fn: FnRef
  at: Place
  shape: string
}

export const closuresOf = (steps: readonly SegmentStep[]): SegmentClosure[] =>
  steps.flatMap((step) => (step.step === 'parallelDo' ? [{ fn: step.fn, at: step.at, shape: step.shape }] : []))

/** May one of the steps fail on a row? Reading columns and constants cannot. */
export function canFail(steps: readonly SegmentStep[]): boolean {
  return steps.some((step) => {
    if (step.step === 'parallelDo') return true
    const exprs =
      step.step === 'project' ? step.exprs.map(({ expr }) => expr) : [step.step === 'filter' ? step.predicate : step.expr]
    return exprs.some(({ e }) => e !== 'column' && e !== 'constant')
  })
}

/** What failed: the error, the input and the row of it, and by `site` who was at work: the closure that ran, or, as −2 less its number, the one that had returned. */
export interface Failure {
  error: unknown
  site: number
  row: number
  input: SegmentInput
  /** The value of an inner loop that failed, as JSON knows it. */
  item?: unknown
}

/** Tells failures of the rows of a segment. */
export class FailureTeller {
  readonly #closures: readonly SegmentClosure[]
  readonly #ctx: OperatorContext

  constructor(closures: readonly SegmentClosure[], ctx: OperatorContext) {
    this.#closures = closures
    this.#ctx = ctx
  }

  /** The error that ends the run: it names the function, the row with its values, and its place in the file. */
  errorOf(failure: Failure): unknown {
    const error = this.#named(failure)
    if (!isMillraceError(error) || !isRowError(error) || error.details.file !== undefined) return error
    const { source, row } = this.#placeOf(failure)
    const places = new RowPlaces(this.#ctx.host)
    const place = source?.origin === undefined || row === undefined ? {} : places.placeOf(source.origin, row)
    places.close()
    return new MillraceError(error.code, error.message, { text: this.#valuesOf(failure), ...error.details, ...place })
  }

  /** The error of a function that has given too much for its row to be left out. */
  lateError(failure: Failure): unknown {
    const error = this.errorOf(failure)
    if (!isMillraceError(error)) return error
    const hint = `its first ${heldValues} values had gone on, so that its row could not be left out`
    return new MillraceError(error.code, error.message, { ...error.details, hint })
  }

  /** The row to leave out. @throws the error, where it is not that of a row. */
  rowOf(failure: Failure): FailedRow {
    const { error, site } = failure
    const closure = this.#closureAt(site)
    const where = {
      ...this.#placeOf(failure),
      values: () => this.#valuesOf(failure),
      ...(failure.item === undefined ? {} : { item: () => textOf(failure.item) }),
    }
    if (!isMillraceError(error)) {
      if (closure === undefined || (site < -1 && isThrownHere(error))) throw error
      const { fn, at, shape } = closure
      return { code: 'RUN_FUNCTION_FAILED', message: thrownMessage(error), operator: shape, fn: fn.label, at, ...where }
    }
    if (!isRowError(error)) throw this.#named(failure)
    const { code, message, details } = error
    // An expression knows its own place, and the function that it called.
    if (details.at !== undefined || details.operator !== undefined || closure === undefined) {
      const said = details.operator !== undefined && details.cause !== undefined ? thrownMessage(details.cause) : message
      return { code, message: said, operator: 'expression', fn: details.operator, at: details.at, ...where }
    }
    return { code, message, operator: closure.shape, fn: closure.fn.label, at: closure.at, ...where }
  }

  #closureAt(site: number): SegmentClosure | undefined {
    return this.#closures[site < -1 ? -2 - site : site]
  }

  #named(failure: Failure): unknown {
    const { error, site } = failure
    const closure = this.#closureAt(site)
    if (closure === undefined) return error
    const { source, row } = this.#placeOf(failure)
    const where = source === undefined || row === undefined ? '' : ` (row ${row + 1} of split ${source.split})`
    const { fn, at } = closure
    const isReturned = site < -1
    if (!isMillraceError(error)) {
      // What a function has returned is read here: a getter of it may throw, and so may a defect of ours.
      return isReturned && isThrownHere(error) ? error : functionFailed(error, fn, where, at)
    }
    if (error.details.operator !== undefined || error.details.at !== undefined) return error
    const what = isReturned || error.code === 'DATA_SHAPE_CHANGED' ? `result of ${fn.label}` : fn.label
    return new MillraceError(error.code, `${what}${where}: ${error.message}`, {
      ...error.details,
      ...(at.line > 0 ? { at } : {}),
      operator: fn.label,
    })
  }

  #placeOf({ input, row }: Failure): Pick<FailedRow, 'source' | 'row'> {
    const source = 'batch' in input ? input.batch.header.source : undefined
    return source === undefined ? {} : { source, row: source.firstRow + row }
  }

  /** The row as it came to the segment, as JSON; of a group its key. */
  #valuesOf({ input, row }: Failure): string {
    return 'batch' in input ? rowText(input.batch, this.#ctx.inputs[0], row) : textOf({ key: keyOf(input.values[row]) })
  }
}

const keyOf = (pair: unknown): unknown => (Array.isArray(pair) ? pair[0] : pair)

/** Values of functions may be anything, also what JSON cannot hold. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'null'
  } catch {
    return 'null'
  }
}
