import type { Schema, Value } from '../../data/type.ts'
import { jsonCell } from '../../io/format/cell.ts'
import type { CallUserFunction } from '../../ir/evaluate.ts'
import type { FnRef } from '../../ir/expr.ts'
import type { RowShape, SegmentStep } from '../../ir/physical.ts'
import { closureArgument, closureColumns } from './closure.ts'
import { plainOf } from './code.ts'
import type { ColumnShape } from './column-shape.ts'
import { Emitter } from './emitter.ts'
import { compileCondition, compileExpr } from './expression.ts'
import { compilePieces, isPieces } from './pieces.ts'
import { columnSlot, fixedSlot, type Slot } from './slot.ts'
import { emitRow, type Store, storeOf } from './store.ts'
import { support } from './support.ts'
import { compileUnnest } from './unnest.ts'

/** What a generated function reads: columns, or values that are ready for the first closure. */
export type InputShape = { columns: readonly ColumnShape[] } | { values: RowShape }

export interface SegmentShape {
  steps: readonly SegmentStep[]
  input: InputShape
  fields: Schema
  weighted: boolean
  /** The output column whose texts are numbered. */
  numbered: number | undefined
  /** Is a row that fails left out, and the loop goes on behind it? */
  leavesOut: boolean
  /** Output columns that are codes of the input column which they come from. */
  passed: readonly boolean[]
  user: CallUserFunction
  closure: (fn: FnRef) => Function
}

/** The text of a segment's loop and the values that it refers to. */
export interface Generated {
  source: string
  constants: readonly unknown[]
}

/** A row between two steps: columns, or a value on its way from closure to closure. */
type Row = { slots: readonly Slot[] } | { value: string; shape: RowShape }

/**
 * Writes one loop for a run of steps: each row is pushed through all of them, without batches in between.
 *
 * The function takes rows `from .. to` and returns where it stopped: when the output is full it returns between two rows of input.
 */
export function generateSegment(shape: SegmentShape): Generated {
  return new SegmentWriter(shape).write()
}

class SegmentWriter {
  readonly #em = new Emitter()
  readonly #shape: SegmentShape
  readonly #store: Store
  /** Variables of the lists whose values are being worked on, inner ones first. */
  #lists: readonly string[] = []
  /** Closures are numbered in the order of the steps, for errors. */
  #closures = 0
  /** May one row of input make several rows? */
  readonly #many: boolean

  constructor(shape: SegmentShape) {
    this.#shape = shape
    this.#store = storeOf(shape.fields, shape.weighted, shape.numbered, shape.passed)
    this.#many = shape.steps.some(
      (step) => step.step === 'unnest' || (step.step === 'parallelDo' && (step.shape === 'flatMap' || step.shape === 'do')),
    )
  }

  write(): Generated {
    const em = this.#em
    const { input, weighted, leavesOut } = this.#shape
    const first: Row =
      'values' in input
        ? { value: 'given', shape: input.values }
        : { slots: input.columns.map((column, i) => columnSlot(column, `cols[${i}]`, 'row', i)) }
    const rows = (): void =>
      em.block(['for (; row < to && go && n < limit', ...this.#store.room].join(' && ') + '; row++)', () => {
        em.line('scratch.at = 0; site = -1')
        if ('values' in input) em.line('const given = cols[row]')
        if (weighted) em.line('const weight = weights[row]')
        this.#step(0, first)
      })
    if (leavesOut) {
      // Outside of the loop over rows, which is as fast as without it; the loop is entered again behind a row that fails.
      em.block('for (;;)', () => {
        em.block('try', () => {
          rows()
          em.line('break')
        })
        em.block('catch (error)', () => em.line('fail(error, site, row++)'))
      })
    } else rows()
    const source = [
      "'use strict'",
      `const { ${Object.keys(support).join(', ')} } = support`,
      ...em.constants.map((_, i) => `const k${i} = k[${i}]`),
      'return function (cols, out, from, to, weights, fail) {',
      'const limit = out.limit, byteLimit = out.byteLimit, scratch = out.scratch',
      ...em.hoisted,
      ...this.#store.open,
      'let row = from, go = true, site = -1',
      ...(leavesOut ? [...em.body, ...this.#store.encode] : ['try {', ...em.body, ...this.#store.encode, ...this.#failure()]),
      ...this.#store.save,
      'return row',
      '}',
    ]
    return { source: source.join('\n'), constants: em.constants }
  }

  /** A text of an earlier row may be bad too, and was not looked at yet. */
  #failure(): string[] {
    const { encode } = this.#store
    if (encode.length === 0) return ['} catch (error) { throw fail(error, site, row) }']
    return [
      '} catch (error) {',
      'const lastRow = row, lastSite = site',
      'let first = error',
      `try { ${encode.join('; ')} } catch (bad) { if (row <= lastRow) first = bad }`,
      'if (first === error) { row = lastRow; site = lastSite }',
      'throw fail(first, site, row)',
      '}',
    ]
  }

  #step(at: number, row: Row): void {
    const { steps, fields, weighted, leavesOut, user } = this.#shape
    const em = this.#em
    if (at === steps.length) {
      const site = -1 - this.#closures
      return emitRow(em, this.#slots(row), fields, this.#store, { many: this.#many, weighted, checksTexts: leavesOut, site })
    }
    const step = steps[at]
    if (step.step === 'parallelDo') return this.#closure(at, step, row)
    const scope = { row: this.#slots(row), user }
    switch (step.step) {
      case 'project': {
        const slots = step.exprs.map(({ expr }) =>
          expr.e === 'column' ? scope.row[expr.column] : fixedSlot(compileExpr(em, expr, scope)),
        )
        return this.#step(at + 1, { slots })
      }
      case 'filter': {
        const condition = compileCondition(em, step.predicate, scope)
        return em.block(`if (${condition})`, () => this.#step(at + 1, row))
      }
      case 'unnest':
        if (!weighted && isPieces(steps.slice(at), fields, scope.row.length))
          return compilePieces(em, step, scope, this.#store, (slot) => this.#isDirect(at, slot))
        return compileUnnest(em, step, scope, (slots) =>
          this.#inner(
            () => this.#step(at + 1, { slots }),
            () => this.#itemOf(step, slots, scope.row.length),
          ),
        )
    }
  }

  /** The work on one of several values of a row: where rows are left out, a value that fails is left out alone. */
  #inner(work: () => void, item: () => string): void {
    if (!this.#shape.leavesOut) return work()
    this.#em.block('try', work)
    this.#em.block('catch (error)', () => this.#em.line(`fail(error, site, row, ${item()})`))
  }

  #itemOf({ itemType }: Extract<SegmentStep, { step: 'unnest' }>, slots: readonly Slot[], at: number): string {
    const toJson = this.#em.constant((value: Value) => jsonCell(itemType, value))
    return `${toJson}(${plainOf(this.#em, slots[at].load(this.#em))})`
  }

  /** Is it a text column of the input, without nulls, whose every row gets to step `at`? */
  #isDirect(at: number, { source }: Slot): boolean {
    const { input, steps } = this.#shape
    if (source === undefined || 'values' in input || !steps.slice(0, at).every((step) => step.step === 'project')) return false
    return input.columns[source].store === 'bytes' && !input.columns[source].nulls
  }

  #slots(row: Row): readonly Slot[] {
    return 'slots' in row ? row.slots : closureColumns(this.#em, row.value, row.shape)
  }

  #closure(at: number, step: Extract<SegmentStep, { step: 'parallelDo' }>, row: Row): void {
    const em = this.#em
    const fn = em.constant(this.#shape.closure(step.fn))
    const arg = 'slots' in row ? closureArgument(em, row.slots, step.input, step.fn.reads) : row.value
    const site = this.#closures++
    const call = (text: string): string => {
      const result = em.name('x')
      em.line(`site = ${site}`)
      em.line(`const ${result} = ${text}`)
      // What is not as it should be in the result is told of this closure too.
      em.line(`site = ${-2 - site}`)
      return result
    }
    const next = (value: string): void => this.#step(at + 1, { value, shape: step.output })
    switch (step.shape) {
      case 'map':
        return next(call(`${fn}(${arg})`))
      case 'filter':
        return em.block(`if (${call(`${fn}(${arg})`)})`, () => this.#step(at + 1, row))
      case 'flatMap': {
        const list = call(this.#shape.leavesOut ? `wholeList(listOf(${fn}(${arg})))` : `listOf(${fn}(${arg}))`)
        return this.#each(list, site, next)
      }
      case 'do': {
        const list = em.define('x', '[]')
        call(`nothing(${fn}(${arg}, (value) => { ${list}.push(value) }))`)
        return this.#each(list, site, next)
      }
    }
  }

  /** Arrays by index; other iterables in runs of values, so that a long one is not held as a whole. */
  #each(list: string, site: number, next: (value: string) => void): void {
    const em = this.#em
    const items = em.name('y')
    const place = em.name('i')
    em.line(`let ${items} = Array.isArray(${list}) ? ${list} : null`)
    em.block('for (;;)', () => {
      em.line(`if (${items} === null) { site = ${site}; ${items} = pieces(${list}); site = ${-2 - site} }`)
      const outer = this.#lists
      this.#lists = [list, ...outer]
      em.block(`for (let ${place} = 0; ${place} < ${items}.length; ${place}++)`, () => {
        const item = em.define('x', `${items}[${place}]`)
        this.#inner(
          () => next(item),
          () => item,
        )
      })
      this.#lists = outer
      em.line(`if (Array.isArray(${list}) || ${items}.length === 0) break`)
      em.line(`${items} = null`)
      // It may have no end, and nobody may want it.
      em.block('if (out.offer())', () => {
        for (const open of [list, ...outer]) em.line(`close(${open})`)
        for (const line of [...this.#store.encode, ...this.#store.save]) em.line(line)
        em.line('return to')
      })
    })
  }
}
