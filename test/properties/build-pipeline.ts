import type * as Millrace from '../../src/index.ts'

/** All collections that steps are made of have these columns. */
export const rowSchema = { k: 'string?', n: 'int64?', x: 'float64?', t: 'timestamp?' } as const
export interface Row {
  k: string | null
  n: number | null
  x: number | null
  t: Date | null
}

type Verb =
  | ('map' | 'filter' | 'flatMap' | 'parallelDo' | 'where' | 'select' | 'extend' | 'set' | 'drop' | 'rename' | 'aggregate')
  | ('join' | 'orderBy' | 'limit' | 'distinct' | 'flatten' | 'write' | 'keyBy' | 'groupByKey' | 'combineValues')
/** A collection whose steps are drawn has no type that a compiler could follow. */
type Rows = Readonly<Record<Verb, (...args: unknown[]) => Rows>>
type Columns = Readonly<Record<string, Record<'mul' | 'gt', (other: number) => unknown>>>

/** One step makes a collection from earlier ones; numbers choose its details. */
export interface Step {
  op: (typeof stepNames)[number]
  /** The step that it reads, counted back from itself; steps before the first one are the sources. */
  from: number
  /** The other side of those that read two. */
  with: number
  detail: number
}
export interface PipelineSpec {
  /** How many sources there are: source i reads the files in the folder `s<i>`. */
  sources: number
  steps: readonly Step[]
  /** Steps whose rows are a result; the last one always is. */
  outputs: readonly number[]
  /** Steps whose rows are written. */
  sinks: readonly number[]
}

/** What the same text builds in the test, from the sources, and in workers, from the package. */
export type Api = Pick<typeof Millrace, 'jsonl' | 'count' | 'countDistinct' | 'sum' | 'avg' | 'min' | 'max' | 'asc' | 'desc'>

/** Builds the pipeline of a specification: the only place that knows what a step does. */
export function buildPipeline(api: Api, p: Millrace.PipelineContext, spec: PipelineSpec): Record<string, never> {
  const made = Array.from(
    { length: spec.sources },
    (_, source) => p.read(api.jsonl(`s${source}/*.jsonl`, { schema: rowSchema })) as unknown as Rows,
  )
  const first = made.length
  const before = (back: number): Rows => made[made.length - 1 - (back % made.length)]
  for (const step of spec.steps) {
    const input = before(step.from)
    made.push(steps[step.op](api, input, before(step.with), step.detail))
  }
  for (const [number, step] of spec.sinks.entries()) {
    if (spec.steps.length > 0) made[first + (step % spec.steps.length)].write(api.jsonl(number === 0 ? 'w0.jsonl' : 'w1'))
  }
  const outputs = [...new Set(spec.outputs.map((step) => step % made.length)), made.length - 1]
  return Object.fromEntries(outputs.map((step) => [`o${step}`, made[step] as never]))
}

type Build = (api: Api, input: Rows, other: Rows, detail: number) => Rows

const pick = <T>(detail: number, choices: readonly T[]): T => choices[detail % choices.length]
const declared = { returns: rowSchema }

const dayMs = 86_400_000
const mapped: readonly ((row: Row) => Row)[] = [
  (row) => ({ ...row, n: row.n === null ? 0 : (row.n % 1000) + 1 }),
  ({ k, n, x, t }) => ({ k: k === null ? null : [...`${k}é`].slice(0, 6).join(''), n, x, t }),
  ({ k, n, x, t }) => ({ k: n === null ? k : String(n % 3), n, x: x === null ? null : x / 2, t }),
  ({ k, n, x, t }) => ({ k, n, x, t: t === null ? null : new Date(t.getTime() + dayMs) }),
  ({ n }) => ({ k: '', n, x: n === null ? Number.NaN : -0, t: null }),
]
const kept: readonly ((row: Row) => boolean)[] = [
  ({ k }) => k !== null,
  ({ n }) => n === null || n % 2 === 0,
  ({ x }) => x !== null && x > 0,
  ({ t }) => t === null,
  () => true,
  () => false,
]
const many: readonly ((row: Row) => Iterable<Row>)[] = [
  (row) => [...(row.k ?? '')].map((letter) => ({ ...row, k: letter })),
  (row) => (row.n !== null && row.n % 3 === 0 ? [] : [row, { ...row, n: 1 }]),
  function* ({ k, n, x, t }) {
    for (let i = 0; i < (k?.length ?? 1); i++) yield { k, n: n === null ? i : (n % 100) + i, x, t }
  },
]
/** Results do not depend on the order of the values. */
const grouped = ([k, values]: [string, Iterable<Row>]): Row => {
  let n = 0
  let largest: number | null = null
  for (const value of values) {
    n++
    if (value.x !== null && !Number.isNaN(value.x) && (largest === null || value.x > largest)) largest = value.x
  }
  return { k, n, x: largest === 0 ? 0 : largest, t: null }
}
const counting: Millrace.CombineFn<Row, number, number> = {
  zero: () => 0,
  add: (sum, row) => sum + 1 + ((row.n ?? 0) % 7),
  merge: (a, b) => a + b,
  extract: (sum) => sum,
}
const largestKey: Millrace.CombineFn<Row, string, string> = {
  zero: () => '',
  add: (largest, { k }) => (k !== null && k > largest ? k : largest),
  merge: (a, b) => (a > b ? a : b),
  extract: (largest) => largest,
}

const steps = {
  map: (_api, input, _other, detail) => input.map(pick(detail, mapped), declared),
  filter: (_api, input, _other, detail) => input.filter(pick(detail, kept)),
  flatMap: (_api, input, _other, detail) => input.flatMap(pick(detail, many), declared),
  parallelDo: (_api, input, _other, detail) =>
    input.parallelDo((row: Row, emit: (row: Row) => void) => {
      if (row.n !== null) emit(row)
      if (detail % 2 === 0 && row.x !== null) emit({ ...row, k: 'x' })
    }, declared),
  elements: (_api, input) =>
    input
      .map(({ k, n }: Row) => `${k}:${n === null ? '' : n % 10}`, { returns: 'string' })
      .map((text: string) => ({ k: text, n: text.length, x: null, t: null }), declared),
  where: (_api, input, _other, detail) =>
    input.where(pick(detail, ['n > 1', 'k is not null', "k = '' or x < 2", 't is null', 'mod(n, 2) = 0 and x is not null'])),
  set: (_api, input) => input.set(({ x }: Columns) => ({ x: x.mul(2) })),
  extend: (_api, input) =>
    input
      .extend(({ n }: Columns) => ({ m: n }))
      .drop('n')
      .rename({ m: 'n' })
      .select('k', 'n', 'x', 't'),
  aggregate,
  distinct: (_api, input) => input.distinct(),
  limit: ({ asc, desc }, input, _other, detail) =>
    input
      .orderBy(pick<unknown>(detail, [asc('n'), desc('n'), desc('x'), asc('k'), asc('t')]))
      .limit(detail % 17, { offset: detail % 3 }),
  orderBy: ({ desc }, input, _other, detail) => input.orderBy(pick(detail, ['k', 'n', 'x', 't']), desc('n')),
  // Nothing is known of how many rows a join makes, so that they are sorted by ranges.
  orderJoined: (api, input, other, detail) =>
    join(api, input, other, detail).orderBy(pick(detail >> 4, ['k', 'n', 'x', 't']), api.desc('n')),
  flatten: (_api, input, other) => input.flatten(other),
  join,
  groupByKey: (_api, input) =>
    input
      .keyBy(({ k }: Row) => k ?? '')
      .groupByKey()
      .map(grouped, declared),
  combineByNumber: (_api, input) =>
    input
      .keyBy(({ n }: Row) => (n === null ? -1 : n % 5))
      .combineValues(counting, { returns: 'int64' })
      .map(([key, n]: [number, number]) => ({ k: String(key), n, x: null, t: null }), declared),
  combineByText: (_api, input) =>
    input
      .keyBy(({ k }: Row) => k ?? '')
      .combineValues(largestKey, { returns: 'string' })
      .map(([k, text]: [string, string]) => ({ k, n: text.length, x: null, t: null }), declared),
} as const satisfies Record<string, Build>

function aggregate(api: Api, input: Rows, _other: Rows, detail: number): Rows {
  const { sum, count, min, max, avg, countDistinct } = api
  const n = pick<unknown>(detail, [sum('n'), count('x'), countDistinct('x'), min('n'), max('n'), countDistinct('t'), count()])
  const x = pick<unknown>(detail >> 3, [sum('x'), avg('n'), min('x'), max('x'), avg('x')])
  const t = pick<unknown>(detail >> 6, [min('t'), max('t')])
  switch (detail % 3) {
    case 0:
      return input.aggregate({ n, x, t }, { by: ['k'] })
    case 1:
      return input.aggregate({ k: max('k'), x, t }, { by: ['n'] }).select('k', 'n', 'x', 't')
    default:
      return input.aggregate({ k: min('k'), n, x, t })
  }
}

/** The other side has one row a key: joins of joins would else grow without end. */
function join({ min, max, sum }: Api, input: Rows, other: Rows, detail: number): Rows {
  const by = pick(detail, ['k', 'n'])
  const right = other.aggregate({ rk: max('k'), rn: sum('n'), rx: min('x') }, { by: [by] }).rename({ [by]: 'key' })
  const joined = input.join(right, { on: { [by]: 'key' }, kind: pick(detail >> 1, ['inner', 'left']) })
  return joined.select(({ k, n, x, t, rn, rx, rk }: Columns) =>
    pick<object>(detail >> 2, [
      { k, n: rn, x, t },
      { k, n, x: rx, t },
      { k: rk, n, x, t },
    ]),
  )
}

export const stepNames = Object.keys(steps) as readonly (keyof typeof steps)[]
