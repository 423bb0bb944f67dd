import { noPlace } from '../../src/base/place.ts'
import { type Type, types, type Value } from '../../src/data/type.ts'
import type { AggCall, Expr, FnRef, SortKey } from '../../src/ir/expr.ts'
import { findFunction } from '../../src/ir/functions/catalogue.ts'
import type { Field, LogicalForm, LogicalNode, Output, Plan } from '../../src/ir/logical.ts'
import type { PlannerOptions } from '../../src/planner/plan.ts'

/** What a test knows of a node: its id and its row. */
export interface Rows {
  id: number
  output: Output
}

type Fields = Readonly<Record<string, Type | 'array<string>'>>

/** Builds bound plans by hand, without a front end: columns are given by name, the newest one wins. */
export class PlanBuilder {
  readonly nodes: LogicalNode[] = []
  readonly outputs: Plan['outputs'][number][] = []
  readonly fns: FnRef[] = []
  nextColumn = 1

  source(
    fields: Fields,
    options: {
      splits?: number
      sizeBytes?: number
      rowCount?: number
      connector?: string
      changes?: 'zset'
      pushLimit?: boolean
    } = {},
  ): Rows {
    const list = Object.entries(fields).map(([name, type]) =>
      this.field(name, typeof type === 'string' ? types.array(types.string) : type),
    )
    const { splits = 2, sizeBytes, rowCount, connector = 'csv', changes = 'insertOnly' } = options
    return this.add(
      {
        op: 'source',
        connector,
        options: { path: 'in.csv' },
        pushed: {},
        described: {
          fields: list,
          sizeBytes,
          rowCount,
          splits: Array.from({ length: splits }, (_, i) => ({ offset: i * 100, length: 100 })),
          traits: {
            pushProjection: true,
            pushFilter: false,
            pushLimit: options.pushLimit ?? true,
            splittable: true,
            replayable: true,
            bounded: true,
            exactlyOnce: true,
            weights: changes === 'zset',
          },
        },
      },
      [],
      { ...output(list, 'source'), changes },
    )
  }

  values(fields: Fields, rows: readonly (readonly Value[])[]): Rows {
    const list = Object.entries(fields).map(([name, type]) => this.field(name, type as Type))
    return this.add({ op: 'values', rows }, [], output(list, 'source'))
  }

  project(input: Rows, exprs: Readonly<Record<string, Expr>>): Rows {
    const made = Object.entries(exprs).map(([name, expr]) => {
      const known =
        expr.e === 'column' && input.output.fields.find((field) => field.column === expr.column && field.name === name)
      return { field: known || { ...this.field(name, expr.type), nullable: expr.nullable }, expr }
    })
    const list = made.map(({ field, expr }) => ({ column: field.column, expr }))
    return this.add(
      { op: 'project', exprs: list },
      [input],
      output(
        made.map(({ field }) => field),
        typeof input.output.order === 'string' ? input.output.order : 'source',
      ),
    )
  }

  extend(input: Rows, exprs: Readonly<Record<string, Expr>>): Rows {
    const all = Object.fromEntries(input.output.fields.map((field) => [field.name, col(input, field.name)]))
    return this.project(input, { ...all, ...exprs })
  }

  filter(input: Rows, predicate: Expr): Rows {
    return this.add({ op: 'filter', predicate }, [input], input.output)
  }

  map(
    input: Rows,
    fields: Fields,
    options: Partial<FnRef> & { shape?: 'map' | 'flatMap' | 'filter' | 'do'; keys?: readonly string[]; element?: boolean } = {},
  ): Rows {
    const { shape = 'map', keys, element = false, ...fn } = options
    const list = Object.entries(fields).map(([name, type]) => this.field(name, type as Type))
    const made: Output =
      shape === 'filter' ? input.output : { ...output(list, input.output.order), element, changes: input.output.changes }
    const keyed =
      keys === undefined ? made : { ...made, keys: keys.map((name) => made.fields.find((field) => field.name === name)!.column) }
    return this.add({ op: 'parallelDo', shape, fn: this.fn(fn) }, [input], keyed)
  }

  unnest(input: Rows, expr: Expr, name: string, options: { outer?: boolean } = {}): Rows {
    const type = expr.type.kind === 'array' ? expr.type.item : types.string
    const item = this.field(name, type)
    return this.add({ op: 'unnest', expr, item: item.column, outer: options.outer ?? false }, [input], {
      ...input.output,
      fields: [...input.output.fields, item],
    })
  }

  aggregate(input: Rows, by: Readonly<Record<string, Expr>>, calls: Readonly<Record<string, AggCall>>): Rows {
    const keys = Object.entries(by).map(([name, expr]) => ({
      field: { ...this.field(name, expr.type), nullable: expr.nullable },
      expr,
    }))
    const made = Object.entries(calls).map(([name, call]) => ({
      field: { ...this.field(name, call.type), nullable: call.nullable },
      call,
    }))
    return this.add(
      {
        op: 'aggregate',
        by: keys.map(({ field, expr }) => ({ column: field.column, expr })),
        calls: made.map(({ field, call }) => ({ ...call, column: field.column })),
        phase: 'complete',
      },
      [input],
      {
        ...output(
          [...keys, ...made].map(({ field }) => field),
          'undefined',
        ),
        changes: input.output.changes,
      },
    )
  }

  groupByKey(input: Rows): Rows {
    const keys = input.output.keys ?? []
    const keyFields = input.output.fields
      .filter((field) => keys.includes(field.column))
      .map((field) => ({ ...field, column: this.nextColumn++ }))
    const values = input.output.fields.filter((field) => !keys.includes(field.column))
    const item = input.output.element ? values[0].type : types.struct(values)
    const fields = [...keyFields, this.field('values', types.array(item))]
    return this.add({ op: 'groupByKey' }, [input], {
      ...output(fields, 'undefined'),
      keys: keyFields.map((field) => field.column),
      grouped: true,
      element: true,
    })
  }

  join(
    left: Rows,
    right: Rows,
    on: readonly (readonly [Expr, Expr])[],
    options: { kind?: 'inner' | 'left'; residual?: Expr } = {},
  ): Rows {
    const { kind = 'inner', residual } = options
    const rightFields = kind === 'left' ? right.output.fields.map((field) => ({ ...field, nullable: true })) : right.output.fields
    return this.add(
      { op: 'join', kind, on: on.map(([l, r]) => ({ left: l, right: r })), ...(residual === undefined ? {} : { residual }) },
      [left, right],
      output([...left.output.fields, ...rightFields], 'undefined'),
    )
  }

  flatten(...inputs: readonly Rows[]): Rows {
    const fields = inputs[0].output.fields.map((field) => ({ ...field, column: this.nextColumn++ }))
    const columns = inputs.map((input) => input.output.fields.map((field) => field.column))
    return this.add({ op: 'flatten', columns }, inputs, output(fields, 'source'))
  }

  distinct(input: Rows): Rows {
    return this.add({ op: 'distinct' }, [input], { ...input.output, order: 'undefined' })
  }

  sort(input: Rows, ...by: readonly SortKey[]): Rows {
    return this.add({ op: 'sort', by }, [input], { ...input.output, order: { sorted: by } })
  }

  limit(input: Rows, count: number, offset = 0): Rows {
    return this.add({ op: 'limit', count, offset }, [input], input.output)
  }

  sink(input: Rows, connector = 'csv', options: Value = { path: 'out.csv' }): void {
    this.add({ op: 'sink', connector, options }, [input], undefined)
  }

  result(input: Rows, name = 'result'): this {
    this.outputs.push({ name, port: { node: input.id, out: 0 } })
    return this
  }

  plan(parallelism = 8): Plan {
    const { nodes, outputs, fns, nextColumn } = this
    return { version: 1, nodes, outputs, params: {}, fns, hashSeed: 0, nextColumn, nextNode: nodes.length, parallelism }
  }

  fn(options: Partial<FnRef> = {}): FnRef {
    const id = this.fns.length
    const fn: FnRef = {
      id,
      label: `fn${id}`,
      module: '',
      ordinal: id,
      sourceHash: String(id),
      reads: 'all',
      captures: [],
      capturesKnown: true,
      deterministic: true,
      effects: false,
      kind: 'function',
      ...options,
    }
    this.fns.push(fn)
    return fn
  }

  private field(name: string, type: Type): Field {
    return { name, column: this.nextColumn++, type, nullable: true }
  }

  private add(form: LogicalForm, inputs: readonly Rows[], made: Output | undefined): Rows {
    const id = this.nodes.length
    const ports = inputs.map((input) => ({ node: input.id, out: 0 }))
    this.nodes.push(
      Object.freeze({
        ...form,
        id,
        inputs: ports,
        outputs: made === undefined ? [] : [made],
        at: noPlace,
        origin: [],
        hints: {},
      }) as LogicalNode,
    )
    return { id, output: made! }
  }
}

function output(fields: readonly Field[], order: Output['order']): Output {
  return { name: 'out', fields, element: false, changes: 'insertOnly', order }
}

export function col(rows: Rows, name: string): Expr {
  const field = rows.output.fields.findLast((candidate) => candidate.name === name)
  if (field === undefined) throw new Error(`no column ${name}`)
  return { e: 'column', column: field.column, type: field.type, nullable: field.nullable }
}

export function lit(value: Value): Expr {
  const type = typeof value === 'boolean' ? types.bool : typeof value === 'number' ? types.int64 : types.string
  return { e: 'constant', value, type, nullable: value === null }
}

export function call(fn: string, ...args: readonly Expr[]): Expr {
  const truth = ['less', 'equal', 'greater', 'and', 'or', 'not', 'is_null', 'starts_with'].includes(fn)
  return { e: 'call', fn, args, type: truth ? types.bool : args[0].type, nullable: args.some((arg) => arg.nullable) }
}

export function userCall(fn: FnRef, type: Type, ...args: readonly Expr[]): Expr {
  return { e: 'user', fn, args, type, nullable: true }
}

export function agg(fn: string | FnRef, args: readonly Expr[] = [], options: Partial<AggCall> = {}): AggCall {
  const known = typeof fn === 'string' ? findFunction(fn) : undefined
  const algebra =
    known?.kind === 'aggregate' ? known.algebra : { associative: true, commutative: true, idempotent: false, invertible: false }
  const type = fn === 'count' ? types.int64 : (args[0]?.type ?? types.int64)
  return { column: -1, fn, args, distinct: false, algebra, type, nullable: fn !== 'count', ...options }
}

export function asc(expr: Expr): SortKey {
  return { expr, desc: false, nullsFirst: true }
}

export const options: PlannerOptions = {
  mode: 'auto',
  backend: { name: 'inline', functions: new Set(['less', 'equal', 'and']) },
  incremental: false,
  disabledRules: [],
  checkPlans: true,
  isSinglePart: (_, sinkOptions) => /\.\w+$/.test(String((sinkOptions as { path?: string }).path)),
}
