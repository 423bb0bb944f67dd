import { planError } from '../base/errors.ts'
import type { CombineFn } from '../ir/user-function.ts'
import type { Aggregate } from './aggregates.ts'
import { isRecord, namesOf, optionsOf, wrongArgument } from './arguments.ts'
import { callPlace } from './call-place.ts'
import { Collection } from './collection.ts'
import { type ConnectorSpec, specOf } from './connectors.ts'
import { type Expr, toSyntax } from './expr.ts'
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
import type { Syntax, UnboundForm, UnboundPort } from './syntax.ts'
import {
  aggregateItems,
  byItems,
  checkJoin,
  checkRowCount,
  closureOptions,
  columnItem,
  columnsOf,
  equalColumns,
  functionOptions,
  itemsOf,
  leftAlias,
  predicateSyntax,
  rightAlias,
  unnestItems,
} from './verb-syntax.ts'

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
    if (typeof fn !== 'function') throw wrongArgument('keyBy', 'a function', fn, 'for example keyBy((row) => row.id)')
    const pair = (row: T): [K, T] => [fn(row), row]
    const given = optionsOf('keyBy', options, functionOptions)
    // The pair holds the row, so that all of it is read whatever `fn` reads.
    const ref = { ...this.builder.function('keyBy', pair as never, { ...given, user: fn }), reads: 'all' as const }
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
    const verb = shape === 'do' ? 'parallelDo' : shape
    const given = optionsOf(verb, options, shape === 'filter' ? functionOptions : closureOptions)
    const ref = this.builder.function(verb, fn as never, given)
    return this.#then({ u: 'parallelDo', shape, fn: ref, returns: returnsOf(given.returns) })
  }

  // ---- relational verbs

  /** Keeps the rows for which the condition is true, not false or null. */
  where(predicate: Predicate<T>, ...more: readonly never[]): PCollection<T> {
    if (more.length > 0) throw wrongArgument('where', 'one condition', more[0], 'conditions are joined by .and()')
    return this.#then({ u: 'where', predicate: predicateSyntax(predicate) })
  }

  /** Exactly these columns, in this order: names of columns, or a callback that computes them. */
  select<K extends ColumnOf<T>>(...names: readonly K[]): PCollection<{ [P in K]: ValueOf<T, P> }>
  select<S extends Items>(items: (row: RowExprs<T>) => S): PCollection<RowOf<S>>
  select(...items: readonly unknown[]): PCollection<never> {
    const [first] = items
    const example = "for example select('shop', 'price') or select((row) => ({ total: row.price.mul(row.count) }))"
    const list = typeof first === 'function' ? itemsOf('select', first) : namesOf('select', items, example).map(columnItem)
    return this.#then({ u: 'select', distinct: false, items: list })
  }

  /** All columns, and these. */
  extend<S extends Items>(items: (row: RowExprs<T>) => S): PCollection<Extended<T, S>> {
    return this.#then({ u: 'extend', items: itemsOf('extend', items) })
  }

  /** All columns, these replaced; they must exist. */
  set<S extends { [K in ColumnOf<T>]?: unknown }>(items: (row: RowExprs<T>) => S): PCollection<Extended<T, S>> {
    return this.#then({ u: 'set', items: columnsOf('set', items) })
  }

  /** All columns but these. */
  drop<K extends ColumnOf<T>>(...names: readonly K[]): PCollection<Without<T, K>> {
    const at = callPlace()
    namesOf('drop', names, "for example drop('price', 'count')")
    return this.#then({ u: 'drop', names: names.map((name) => ({ name, at })) })
  }

  /** All columns, some under new names. */
  rename<const M extends { readonly [K in ColumnOf<T>]?: string }>(names: M): PCollection<Renamed<T, M>> {
    const at = callPlace()
    const example = "for example rename({ old: 'new' })"
    if (!isRecord(names)) throw wrongArgument('rename', 'new names by old ones', names, example)
    const to = namesOf('rename', Object.values(names), example)
    return this.#then({ u: 'rename', pairs: Object.keys(names).map((from, i) => ({ from, to: to[i], at })) })
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
    const { by } = optionsOf('aggregate', options, { by: 'other' })
    const items = aggregateItems(aggregates)
    return this.#then({ u: 'aggregate', items, by: byItems(by) })
  }

  /** Rows joined with the rows of `other`; null keys match nothing. `left` keeps rows without a partner, with nulls. */
  join<U, Kind extends 'inner' | 'left' = 'inner'>(
    other: PCollection<U>,
    options: { on: JoinOn<T, U>; kind?: Kind },
  ): PCollection<Joined<T, U, Kind>> {
    const { on, kind = 'inner' as Kind } = optionsOf('join', options, { on: 'other', kind: 'string' })
    return this.#join('join', other, on, kind)
  }

  /** `join` with kind `left`. */
  leftJoin<U>(other: PCollection<U>, options: { on: JoinOn<T, U> }): PCollection<Joined<T, U, 'left'>> {
    return this.#join('leftJoin', other, optionsOf('leftJoin', options, { on: 'other' }).on, 'left')
  }

  #join<U, Kind extends 'inner' | 'left'>(
    verb: string,
    other: PCollection<U>,
    on: JoinOn<T, U>,
    kind: Kind,
  ): PCollection<Joined<T, U, Kind>> {
    this.#checkOther(verb, other)
    checkJoin(verb, on, kind)
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

  /** One row an item of the array, with the item in a new column. Rows with an empty or null array vanish unless `outer`. */
  unnest<K extends string, I>(
    array: (row: RowExprs<T>) => Expr<readonly I[]> | Expr<readonly I[] | null>,
    options: { as: K; outer?: boolean },
  ): PCollection<Extended<T, { [P in K]: I }>> {
    const { as, outer = false } = optionsOf('unnest', options, { as: 'string', outer: 'boolean' })
    return this.#then({ u: 'unnest', ...unnestItems(array, as), outer })
  }

  /** Sorts by the keys in turn, nulls smallest; ties by all other columns ascending, so that the order is a function of the data. */
  orderBy(...keys: readonly (ColumnOf<T> | SortSpec<ColumnOf<T>>)[]): PCollection<T> {
    return this.#then({ u: 'orderBy', keys: keys.map(sortSyntax) })
  }

  /** The first rows of a defined order, else any. */
  limit(count: number, options: { offset?: number } = {}): PCollection<T> {
    const { offset } = optionsOf('limit', options, { offset: 'other' })
    checkRowCount(count)
    if (offset !== undefined) checkRowCount(offset)
    return this.#then({ u: 'limit', count: toSyntax(count), offset: offset === undefined ? undefined : toSyntax(offset) })
  }

  /** Each row once. */
  distinct(): PCollection<T> {
    return this.#then({ u: 'distinct' })
  }

  /** The rows of all of them; columns are matched by position. */
  flatten(...others: readonly PCollection<T>[]): PCollection<T> {
    for (const other of others) this.#checkOther('flatten', other)
    return this.#then({ u: 'union', all: true }, ...others.map((other) => other.port))
  }

  /** Writes the rows; the file appears under its name when the whole run has succeeded. */
  write(to: ConnectorSpec<unknown>): void {
    const { connector, at, positional, named } = specOf(to, 'write')
    this.builder.add({ u: 'sink', connector, connectorAt: at, positional, named }, [this.port])
  }

  #checkOther(verb: string, other: unknown): void {
    const hint =
      other instanceof PTable
        ? 'those made by keyBy hold pairs: map the pairs first'
        : `for example rows.${verb}(others${verb === 'flatten' ? '' : ", { on: 'id' }"})`
    if (!(other instanceof PCollection)) throw wrongArgument(verb, 'a collection of rows', other, hint)
    if (other.builder === this.builder) return
    throw planError('PLAN_ARGUMENTS', `${verb} takes a collection of the same pipeline, found one of another`, {
      at: callPlace(),
      hint: 'make both inside of one function given to pipeline, or from one scratch()',
    })
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
    const ref = this.builder.function('filter', fn as never, optionsOf('filter', options, functionOptions))
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
    const given = optionsOf('combineValues', options, closureOptions)
    const ref = this.builder.function('combineValues', fn as CombineFn, given)
    const { associative = true, commutative = true } = fn
    const algebra = { associative, commutative, idempotent: false, invertible: false }
    const form = { u: 'combineValues', fn: ref, algebra, returns: returnsOf(given.returns) } as const
    return new PTable(this.builder, this.builder.add(form, [this.port]))
  }

  #closure<U>(shape: 'map' | 'flatMap', fn: Function, options: ClosureOptions<Returns | undefined>): PCollection<U> {
    const given = optionsOf(shape, options, closureOptions)
    const ref = this.builder.function(shape, fn as never, given)
    // `reads` speaks of a row's fields, and this function is given pairs.
    const form = { u: 'parallelDo', shape, fn: { ...ref, reads: 'all' }, returns: returnsOf(given.returns) } as const
    return new PCollection<U>(this.builder, this.builder.add(form, [this.port]))
  }
}
