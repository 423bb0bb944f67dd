import { planError } from '../base/errors.ts'
import type { CombineFn } from '../ir/user-function.ts'
import type { Aggregate } from './aggregates.ts'
import { callPlace } from './call-place.ts'
import { Collection } from './collection.ts'
import { type ConnectorSpec, specOf } from './connectors.ts'
import { type Expr, rowHandle, textSyntax, toSyntax } from './expr.ts'
import { nameOfKind } from './kind-name.ts'
import type { FunctionOptions } from './plan-builder.ts'
import type {
  Aggregated,
  ByNames,
  ColumnOf,
  Extended,
  Joined,
  JoinOn,
  Renamed,
  RowExprs,
  RowOf,
  RowOfNames,
  ValueOf,
  Without,
} from './row-types.ts'
import { type ColumnType, type RowOfSchema, returnsOf, type SchemaSpec, type ValueOfType } from './schema.ts'
import { type SortSpec, sortSyntax } from './sort.ts'
import type { ItemSyntax, Syntax, UnboundForm, UnboundPort } from './syntax.ts'

/** A declared result of a closure: a row type as a record, or an element's type. */
export type Returns = SchemaSpec | ColumnType
/** The value that a declaration stands for. */
export type Returned<S> = S extends SchemaSpec ? RowOfSchema<S> : ValueOfType<S>
export interface ClosureOptions<S extends Returns | undefined = undefined> extends FunctionOptions {
  /** Type of what the function returns; without it, it is found out from the first 1,024 rows where it is needed. */
  returns?: S
}

type Items = Readonly<Record<string, unknown>>
type AggregatesOf<T> = Readonly<Record<string, Aggregate<ColumnOf<T>>>>
type AggregateList<T, A> = A | ((row: RowExprs<T>) => A)
/** A condition: a builder callback, or text of the `.flow` expression grammar. */
export type Predicate<T> = ((row: RowExprs<T>) => Expr<boolean> | Expr<boolean | null>) | string

/**
 * A lazy, typed collection: rows when `T` is a plain object (a column a property), else elements in one column `value`.
 *
 * `map`, `filter`, `flatMap`, `parallelDo` and `keyBy` take plain functions over values; `where`, `select`, `extend`, `aggregate` and
 * the other relational verbs take expressions that the planner sees through.
 *
 * @see FlumeJava (PLDI 2010) §2
 */
export class PCollection<T> extends Collection<T> {
  // ---- functions over values

  /** One result a row. */
  map<U, const S extends Returns | undefined = undefined>(
    fn: (row: T) => U,
    options: ClosureOptions<S> = {},
  ): PCollection<S extends Returns ? Returned<S> : U> {
    return this.#closure('map', fn, options)
  }

  /** Keeps the rows for which the function returns true. */
  filter(fn: (row: T) => boolean, options: FunctionOptions = {}): PCollection<T> {
    return this.#closure('filter', fn, options)
  }

  /** Any number of results a row: the function returns an iterable. */
  flatMap<U, const S extends Returns | undefined = undefined>(
    fn: (row: T) => Iterable<U>,
    options: ClosureOptions<S> = {},
  ): PCollection<S extends Returns ? Returned<S> : U> {
    return this.#closure('flatMap', fn, options)
  }

  /** Any number of results a row, given to `emit`. The primitive that the other three are forms of. */
  parallelDo<U, const S extends Returns | undefined = undefined>(
    fn: (row: T, emit: (value: U) => void) => void,
    options: ClosureOptions<S> = {},
  ): PCollection<S extends Returns ? Returned<S> : U> {
    return this.#closure('do', fn, options)
  }

  /** A table keyed by what the function returns: a scalar, or an object of scalars. */
  keyBy<K>(fn: (row: T) => K, options: FunctionOptions = {}): PTable<K, T> {
    const pair = (row: T): [K, T] => [fn(row), row]
    // The pair holds the row, so that all of it is read whatever `fn` reads.
    const ref = { ...this.builder.function('keyBy', pair as never, { ...options, user: fn }), reads: 'all' as const }
    return new PTable(
      this.builder,
      this.builder.add({ u: 'parallelDo', shape: 'map', fn: ref, keyed: true, valueIsRow: true }, [this.port]),
    )
  }

  #closure<U>(
    shape: 'map' | 'filter' | 'flatMap' | 'do',
    fn: Function,
    options: ClosureOptions<Returns | undefined>,
  ): PCollection<U> {
    const ref = this.builder.function(shape === 'do' ? 'parallelDo' : shape, fn as never, options)
    return this.#then({ u: 'parallelDo', shape, fn: ref, returns: returnsOf(options.returns) })
  }

  // ---- relational verbs

  /** Keeps the rows for which the condition is true, not false or null. */
  where(predicate: Predicate<T>): PCollection<T> {
    return this.#then({ u: 'where', predicate: predicateSyntax(predicate) })
  }

  /** Exactly these columns, in this order: names of columns, or a callback that computes them. */
  select<K extends ColumnOf<T>>(...names: readonly K[]): PCollection<{ [P in K]: ValueOf<T, P> }>
  select<S extends Items>(items: (row: RowExprs<T>) => S): PCollection<RowOf<S>>
  select(...items: readonly unknown[]): PCollection<never> {
    const [first] = items
    const list = typeof first === 'function' ? itemsOf(first) : items.map((name) => columnItem(String(name)))
    return this.#then({ u: 'select', distinct: false, items: list })
  }

  /** All columns, and these. */
  extend<S extends Items>(items: (row: RowExprs<T>) => S): PCollection<Extended<T, S>> {
    return this.#then({ u: 'extend', items: itemsOf(items) })
  }

  /** All columns, these replaced; they must exist. */
  set<S extends { [K in ColumnOf<T>]?: unknown }>(items: (row: RowExprs<T>) => S): PCollection<Extended<T, S>> {
    const at = callPlace()
    const record = items(rowHandle() as RowExprs<T>)
    return this.#then({ u: 'set', items: Object.entries(record).map(([name, value]) => ({ name, value: toSyntax(value), at })) })
  }

  /** All columns but these. */
  drop<K extends ColumnOf<T>>(...names: readonly K[]): PCollection<Without<T, K>> {
    const at = callPlace()
    return this.#then({ u: 'drop', names: names.map((name) => ({ name, at })) })
  }

  /** All columns, some under new names. */
  rename<const M extends { readonly [K in ColumnOf<T>]?: string }>(names: M): PCollection<Renamed<T, M>> {
    const at = callPlace()
    return this.#then({ u: 'rename', pairs: Object.entries(names).map(([from, to]) => ({ from, to: String(to), at })) })
  }

  /**
   * One row a group: the `by` columns, then the aggregates. Without `by` exactly one row. Order of groups not defined.
   *
   * Runs partly before the exchange (lifted combiner).
   *
   * @example {@includeCode ../../examples/word-count/word-count.ts#count}
   * @see FlumeJava (PLDI 2010) §4.1
   */
  aggregate<A extends AggregatesOf<T>>(aggregates: AggregateList<T, A>): PCollection<Aggregated<T, unknown, A>>
  aggregate<A extends AggregatesOf<T>, const B extends ByNames<T>>(
    aggregates: AggregateList<T, A>,
    options: { by: B },
  ): PCollection<Aggregated<T, RowOfNames<T, B>, A>>
  aggregate<A extends AggregatesOf<T>, S extends Items>(
    aggregates: AggregateList<T, A>,
    options: { by: (row: RowExprs<T>) => S },
  ): PCollection<Aggregated<T, RowOf<S>, A>>
  aggregate(
    aggregates: AggregatesOf<T> | ((row: RowExprs<T>) => AggregatesOf<T>),
    options: { by?: unknown } = {},
  ): PCollection<never> {
    const record = typeof aggregates === 'function' ? aggregates(rowHandle() as RowExprs<T>) : aggregates
    const at = callPlace()
    const items = Object.entries(record).map(([name, given]): ItemSyntax => {
      const value = (given as Partial<Aggregate> | undefined)?.syntax
      if (value !== undefined) return { item: 'expr', value, name, at }
      throw planError('PLAN_ARGUMENTS', `'${name}' takes an aggregate, found ${nameOfKind(given)}`, {
        at,
        hint: `for example { ${name}: count() } or { ${name}: sum('column') }`,
      })
    })
    return this.#then({ u: 'aggregate', items, by: byItems(options.by) })
  }

  /** Rows joined with the rows of `other`; null keys match nothing. `left` keeps rows without a partner, with nulls. */
  join<U, Kind extends 'inner' | 'left' = 'inner'>(
    other: PCollection<U>,
    options: { on: JoinOn<T, U>; kind?: Kind },
  ): PCollection<Joined<T, U, Kind>> {
    const { on, kind = 'inner' as Kind } = options
    const at = callPlace()
    if (typeof on === 'string' || Array.isArray(on)) {
      const using = [on].flat().map((name) => ({ name: String(name), at }))
      return this.#then({ u: 'join', kind, using }, other.port)
    }
    const left = this.#then({ u: 'as', alias: leftAlias })
    const right = this.builder.add({ u: 'as', alias: rightAlias }, [other.port])
    const pairs = Object.entries(on as Readonly<Record<string, string>>).map(([a, b]): Syntax => equalColumns(a, b))
    const condition: Syntax = pairs.length === 1 ? pairs[0] : { at, s: 'call', fn: 'and', fnAt: at, args: pairs, named: [] }
    return left.#then({ u: 'join', kind, on: condition }, right)
  }

  /** `join` with kind `left`. */
  leftJoin<U>(other: PCollection<U>, options: { on: JoinOn<T, U> }): PCollection<Joined<T, U, 'left'>> {
    return this.join(other, { ...options, kind: 'left' })
  }

  /** One row an item of the array, with the item in a new column. Rows with an empty or null array vanish unless `outer`. */
  unnest<K extends string, I>(
    array: (row: RowExprs<T>) => Expr<readonly I[]> | Expr<readonly I[] | null>,
    options: { as: K; outer?: boolean },
  ): PCollection<Extended<T, { [P in K]: I }>> {
    const value = toSyntax(array(rowHandle() as RowExprs<T>))
    return this.#then({ u: 'unnest', value, as: options.as, outer: options.outer ?? false })
  }

  /** Sorts by the keys in turn, nulls smallest; ties by all other columns ascending, so that the order is a function of the data. */
  orderBy(...keys: readonly (ColumnOf<T> | SortSpec<ColumnOf<T>>)[]): PCollection<T> {
    return this.#then({ u: 'orderBy', keys: keys.map(sortSyntax) })
  }

  /** The first rows of a defined order, else any. */
  limit(count: number, options: { offset?: number } = {}): PCollection<T> {
    return this.#then({
      u: 'limit',
      count: toSyntax(count),
      offset: options.offset === undefined ? undefined : toSyntax(options.offset),
    })
  }

  /** Each row once. */
  distinct(): PCollection<T> {
    return this.#then({ u: 'distinct' })
  }

  /** The rows of all of them; columns are matched by position. */
  flatten(...others: readonly PCollection<T>[]): PCollection<T> {
    return this.#then({ u: 'union', all: true }, ...others.map((other) => other.port))
  }

  /** Writes the rows; the file appears under its name when the whole run has succeeded. */
  write(to: ConnectorSpec<unknown>): void {
    const { connector, at, positional, named } = specOf(to, 'write')
    this.builder.add({ u: 'sink', connector, connectorAt: at, positional, named }, [this.port])
  }

  #then<U>(form: UnboundForm, ...others: readonly UnboundPort[]): PCollection<U> {
    return new PCollection<U>(this.builder, this.builder.add(form, [this.port, ...others]))
  }
}

/**
 * A collection of key and value pairs; functions get `[key, value]`. Made by `keyBy`.
 *
 * @see FlumeJava (PLDI 2010) §2: PTable
 */
export class PTable<K, V> extends Collection<[K, V]> {
  /** One result a pair. */
  map<U, const S extends Returns | undefined = undefined>(
    fn: (pair: [K, V]) => U,
    options: ClosureOptions<S> = {},
  ): PCollection<S extends Returns ? Returned<S> : U> {
    return this.#closure('map', fn, options)
  }

  /** Any number of results a pair. */
  flatMap<U, const S extends Returns | undefined = undefined>(
    fn: (pair: [K, V]) => Iterable<U>,
    options: ClosureOptions<S> = {},
  ): PCollection<S extends Returns ? Returned<S> : U> {
    return this.#closure('flatMap', fn, options)
  }

  /** Keeps the pairs for which the function returns true. */
  filter(fn: (pair: [K, V]) => boolean, options: FunctionOptions = {}): PTable<K, V> {
    const ref = this.builder.function('filter', fn as never, options)
    return new PTable(
      this.builder,
      this.builder.add({ u: 'parallelDo', shape: 'filter', fn: { ...ref, reads: 'all' } }, [this.port]),
    )
  }

  /**
   * One pair a key, with all values of the key. The values can be read once and in no defined order: a second pass throws
   * `RUN_ITERABLE_REUSED`.
   */
  groupByKey(): PTable<K, Iterable<V>> {
    return new PTable(this.builder, this.builder.add({ u: 'groupByKey' }, [this.port]))
  }

  /**
   * One pair a key: its values combined. Runs partly before the exchange when the function is associative and commutative (lifted combiner).
   *
   * @param fn - how to combine; `add` and `merge` must not keep a reference to the value.
   * @see FlumeJava (PLDI 2010) §4.1
   */
  combineValues<A, R>(fn: CombineFn<V, A, R>, options: { returns?: Returns } & FunctionOptions = {}): PTable<K, R> {
    const ref = this.builder.function('combineValues', fn as CombineFn, options)
    const { associative = true, commutative = true } = fn
    const algebra = { associative, commutative, idempotent: false, invertible: false }
    const form = { u: 'combineValues', fn: ref, algebra, returns: returnsOf(options.returns) } as const
    return new PTable(this.builder, this.builder.add(form, [this.port]))
  }

  #closure<U>(shape: 'map' | 'flatMap', fn: Function, options: ClosureOptions<Returns | undefined>): PCollection<U> {
    const ref = this.builder.function(shape, fn as never, options)
    // `reads` speaks of a row's fields, and this function is given pairs.
    const form = { u: 'parallelDo', shape, fn: { ...ref, reads: 'all' }, returns: returnsOf(options.returns) } as const
    return new PCollection<U>(this.builder, this.builder.add(form, [this.port]))
  }
}

const leftAlias = 'left side'
const rightAlias = 'right side'
const equalColumns = (left: string, right: string): Syntax => {
  const at = callPlace()
  const side = (alias: string, name: string): Syntax => ({
    at,
    s: 'field',
    of: { at, s: 'name', name: alias, quoted: true },
    name,
    nameAt: at,
  })
  return { at, s: 'call', fn: 'equal', fnAt: at, args: [side(leftAlias, left), side(rightAlias, right)], named: [] }
}

const predicateSyntax = (predicate: string | Function): Syntax =>
  typeof predicate === 'string' ? textSyntax(predicate) : toSyntax(predicate(rowHandle()))

const columnItem = (name: string): ItemSyntax => {
  const at = callPlace()
  return { item: 'expr', value: { at, s: 'name', name, quoted: true }, name, at }
}

function itemsOf(items: Function): ItemSyntax[] {
  const at = callPlace()
  return Object.entries(items(rowHandle()) as Items).map(([name, value]) => ({ item: 'expr', value: toSyntax(value), name, at }))
}

function byItems(by: unknown): ItemSyntax[] {
  if (by === undefined) return []
  if (typeof by === 'function') return itemsOf(by)
  return [by].flat().map((name) => columnItem(String(name)))
}
