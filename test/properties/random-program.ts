import fc from 'fast-check'
import type { ProgramText } from '../flow/run-program.ts'

type ColumnType = 'int64' | 'float64' | 'string' | 'bool' | 'date' | 'array<string>'
interface Column {
  name: string
  type: ColumnType
}

/** Takes choices from a list of numbers; 0 when it has ended, so that shorter lists are simpler programs. */
export class Choices {
  readonly #numbers: readonly number[]
  #at = 0
  constructor(numbers: readonly number[]) {
    this.#numbers = numbers
  }
  /** A number below `count`. */
  below(count: number): number {
    return (this.#numbers[this.#at++] ?? 0) % count
  }
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]
  }
  get left(): number {
    return this.#numbers.length - this.#at
  }
}

const baseColumns: readonly Column[] = [
  { name: 'k', type: 'int64' },
  { name: 's', type: 'string' },
  { name: 'x', type: 'float64' },
  { name: 'b', type: 'bool' },
  { name: 'd', type: 'date' },
  { name: 'l', type: 'array<string>' },
]

const text = fc.constantFrom('', 'a', 'b', 'ab', 'A', 'é', '😀b', ' a ', 'a,b', 'nan')
/** Few different values, so that rows repeat and keys meet. */
const cellOf: Readonly<Record<ColumnType, fc.Arbitrary<unknown>>> = {
  int64: fc.constantFrom(0, 1, 2, 3, -1, -7, 100, '9007199254740993', '-9007199254740994'),
  float64: fc.constantFrom(0, 1, 1.5, -2.25, 0.1, 1e300, 1e-300, 'NaN', 'Infinity', '-Infinity'),
  string: text,
  bool: fc.boolean(),
  date: fc.constantFrom('2026-01-01', '2026-02-28', '1969-12-31', '2024-02-29'),
  'array<string>': fc.array(fc.option(text, { freq: 5 }), { maxLength: 3 }),
}

const row = fc.tuple(...baseColumns.map(({ type }) => fc.option(cellOf[type], { freq: 6 })))
const table = fc.array(row, { maxLength: 20, size: 'max' })

/** A module that the programs import; it lies beside them. */
export const moduleText = `export const next = (n) => (n === null ? 0 : Number(n) % 1000 + 1)
export const tag = (text) => (text === '' ? null : '<' + text + '>')
export const letters = (text) => (text === null ? null : [...text])
`
const importLine =
  "import { next(int64) returns int64, tag(string) returns string, letters(string) returns array<string> } from './functions.mjs'"

/** A program, and its tables: values of the plan, or files in folders of their names. */
export interface RandomProgram extends ProgramText {
  files: Readonly<Record<string, readonly string[]>>
}

/** Random tables `t` and `u` of the same columns, and a program over them whose rows are a function of the data alone. */
export const programs: fc.Arbitrary<RandomProgram> = fc
  .record({
    t: table,
    u: table,
    fileCount: fc.nat(3),
    parallelism: fc.constantFrom(8, 1, 2, 3),
    numbers: fc.array(fc.nat(10_000), { maxLength: 150, size: 'max' }),
  })
  .map(({ t, u, fileCount, parallelism, numbers }): RandomProgram => {
    const columns = baseColumns.map(({ name, type }) => [name, type])
    const program = new ProgramWriter(new Choices(numbers)).write()
    const head = `${importLine}\nset parallelism = ${parallelism}`
    if (fileCount === 0) {
      const tables = JSON.stringify({ t: { columns, rows: t }, u: { columns, rows: u } })
      return { program: `${head}\n${program}`, tables, files: {} }
    }
    return {
      program: [head, ...['t', 'u'].map((name) => `let ${name} = from jsonl('${name}/*.jsonl') ${schemaText}`), program].join(
        '\n',
      ),
      files: { t: filesOf(t, fileCount), u: filesOf(u, fileCount) },
    }
  })

const schemaText = `schema (${baseColumns.map(({ name, type }) => `${name} ${type}`).join(', ')})`

/** The rows as JSON lines, dealt to so many files. */
function filesOf(rows: readonly (readonly unknown[])[], count: number): string[] {
  const lines = rows.map((cells) => JSON.stringify(Object.fromEntries(baseColumns.map(({ name }, i) => [name, cells[i]]))))
  return Array.from({ length: count }, (_, file) => lines.filter((_line, i) => i % count === file).join('\n'))
}

/** Writes pipe operators one after the other and knows the columns at each place. */
class ProgramWriter {
  readonly #choose: Choices
  #columns: readonly Column[] = baseColumns
  #names = 0
  /** Operators that multiply rows: three of them are enough. */
  #multiplied = 0
  #lets: { name: string; columns: readonly Column[]; multiplied: number }[] = []

  constructor(choose: Choices) {
    this.#choose = choose
  }

  write(): string {
    const lines: string[] = []
    // An order counts for something where nothing follows it.
    const isOrdered = this.#choose.below(2) === 1
    let query = `from ${this.#choose.of(['t', 'u'])}`
    for (let count = 0; count < 8 && this.#choose.left > 0; count++) {
      query += `\n|> ${this.#operator()}`
      if (this.#choose.below(6) === 5) {
        const name = `p${this.#lets.length}`
        lines.push(`let ${name} = ${query}`)
        this.#lets.push({ name, columns: this.#columns, multiplied: this.#multiplied })
        query = `from ${name}`
      }
    }
    if (isOrdered) query += `\n|> ${this.#orderByRanges(this.#orderBy())}`
    lines.push(query)
    if (this.#lets.length > 0 && this.#choose.below(2) === 1) lines.push(`from ${this.#choose.of(this.#lets).name}`)
    return lines.join('\n')
  }

  #fresh(): string {
    return `c${this.#names++}`
  }

  #operator(): string {
    const choice = this.#choose.below(13)
    if (choice === 8 || choice === 9 || choice === 11) {
      if (this.#multiplied === 3) return `where ${this.#bool(2)}`
      this.#multiplied++
    }
    switch (choice) {
      case 0:
      case 1:
        return `where ${this.#bool(2)}`
      case 2:
        return this.#extend()
      case 3:
        return this.#select()
      case 4:
        return this.#set()
      case 5:
        return this.#drop()
      case 6:
      case 7:
        return this.#aggregate()
      case 8:
      case 9:
        return this.#join()
      case 10:
        return this.#union()
      case 11:
        return this.#unnest()
      default:
        return this.#choose.below(3) === 0 ? 'distinct' : `${this.#orderBy()}${this.#limit()}`
    }
  }

  #extend(): string {
    const added = this.#items(1 + this.#choose.below(2))
    this.#columns = [...this.#columns, ...added.map(({ column }) => column)]
    return `extend ${added.map(({ text: item }) => item).join(', ')}`
  }

  #select(): string {
    const kept = this.#columns.filter(() => this.#choose.below(3) > 0)
    const added = this.#items(kept.length === 0 ? 1 : this.#choose.below(2))
    this.#columns = [...kept, ...added.map(({ column }) => column)]
    return `select ${[...kept.map(({ name }) => name), ...added.map(({ text: item }) => item)].join(', ')}`
  }

  #set(): string {
    const column = this.#choose.of(this.#columns)
    return `set ${column.name} = ${this.#expression(column.type, 2)}`
  }

  #drop(): string {
    if (this.#columns.length === 1) return `where ${this.#bool(1)}`
    const { name } = this.#choose.of(this.#columns)
    this.#columns = this.#columns.filter((column) => column.name !== name)
    return `drop ${name}`
  }

  #orderBy(): string {
    const count = 1 + this.#choose.below(2)
    const keys = Array.from({ length: count }, () => {
      const order = this.#choose.of(['', ' desc', ' nulls last', ' desc nulls first'])
      return `${this.#key(this.#choose.of(this.#columns).type, 1)}${order}`
    })
    return `order by ${keys.join(', ')}`
  }

  /** The planner thinks that each unnest makes eight rows of one, so that this is sorted by ranges. */
  #orderByRanges(order: string): string {
    const names = Array.from({ length: 6 }, () => this.#fresh())
    return [...names.map((name) => `join unnest([1]) as ${name}`), order, `drop ${names.join(', ')}`].join('\n|> ')
  }

  // Which rows a limit takes is a function of the data only where there is an order.
  #limit(): string {
    if (this.#choose.below(2) === 0) return ''
    const offset = this.#choose.below(3) === 2 ? ` offset ${this.#choose.below(4)}` : ''
    return `\n|> limit ${this.#choose.below(12)}${offset}`
  }

  #aggregate(): string {
    const keys = this.#items(this.#choose.below(3), true)
    const calls = Array.from({ length: keys.length === 0 ? 1 : this.#choose.below(3) }, () => this.#aggregateItem())
    this.#columns = [...keys, ...calls].map(({ column }) => column)
    const list = (items: readonly { text: string }[]): string => items.map((item) => item.text).join(', ')
    return `aggregate ${list(calls)}${keys.length > 0 ? ` group by ${list(keys)}` : ''}`
  }

  #aggregateItem(): { column: Column; text: string } {
    const where = this.#choose.below(4) === 3 ? ` where ${this.#bool(1)}` : ''
    const distinct = this.#choose.below(4) === 3 ? 'distinct ' : ''
    const scalar = this.#choose.of(['int64', 'float64', 'string', 'bool', 'date'] as const)
    const number = this.#choose.of(['int64', 'float64'] as const)
    const name = this.#fresh()
    const make = (call: string, type: ColumnType): { column: Column; text: string } => ({
      column: { name, type },
      text: `${call} as ${name}`,
    })
    switch (this.#choose.below(9)) {
      case 0:
        return make(`count(*${where})`, 'int64')
      case 1:
        return make(`count(${distinct}${this.#expression(scalar, 1)}${where})`, 'int64')
      case 2:
        return make(`sum(${distinct}${this.#expression(number, 1)}${where})`, number)
      case 3:
        return make(`avg(${this.#expression(number, 1)}${where})`, 'float64')
      case 4:
        return make(`min(${this.#expression(scalar, 1)}${where})`, scalar)
      case 5:
        return make(`max(${this.#expression(scalar, 1)}${where}) `, scalar)
      case 6:
        return make(`string_agg(${distinct}${this.#expression('string', 1)}, '-'${where})`, 'string')
      case 7:
        return make(`array_agg(${distinct}${this.#expression('string', 1)}${where})`, 'array<string>')
      default:
        return make(`countif(${this.#bool(1)}${where}) + 1`, 'int64')
    }
  }

  /** The right side gets names of its own, so that none is ambiguous. */
  #join(): string {
    const tables = ['t', 'u'].map((name) => ({ name, columns: baseColumns, multiplied: 0 }))
    const source = this.#choose.of([...tables, ...this.#lets.filter(({ multiplied }) => multiplied < 2)])
    const right = source.columns.map(({ type }) => ({ name: this.#fresh(), type }))
    const selected = right.map(({ name }, i) => `${source.columns[i].name} as ${name}`).join(', ')
    const other = this.#choose.of(right)
    const key = this.#expression(other.type, 1)
    const kind = this.#choose.of(['join', 'left join'])
    const left = this.#columns
    this.#columns = [...left, ...right]
    const residual = this.#choose.below(3) === 2 ? ` and ${this.#bool(1)}` : ''
    // A key without columns would be no equality of both sides.
    const uses = left.some(({ name }) => new RegExp(`\\b${name}\\b`).test(key.replace(/'[^']*'/g, '')))
    const same = left.find(({ type }) => type === other.type)
    const usable = uses ? key : (same?.name ?? `if(${left[0].name} is null, ${nullOf(other.type)}, ${this.#literal(other.type)})`)
    return `${kind} (from ${source.name} |> select ${selected}) on ${usable} = ${other.name}${residual}`
  }

  #union(): string {
    const branches = ['t', 'u'].slice(0, 1 + this.#choose.below(2)).map((name) => {
      const outer = this.#columns
      this.#columns = baseColumns
      const items = outer.map(({ type }) => this.#expression(type, 1))
      const where = this.#choose.below(2) === 1 ? ` |> where ${this.#bool(1)}` : ''
      this.#columns = outer
      return `(from ${name}${where} |> select ${items.join(', ')})`
    })
    const isAll = this.#choose.below(3) > 0
    return `union ${isAll ? 'all' : 'distinct'} ${branches.join(', ')}`
  }

  #unnest(): string {
    const name = this.#fresh()
    const offset = this.#choose.below(3) === 2 ? this.#fresh() : undefined
    const value = this.#expression('array<string>', 1)
    const kind = this.#choose.of(['join', 'left join'])
    this.#columns = [
      ...this.#columns,
      { name, type: 'string' },
      ...(offset === undefined ? [] : [{ name: offset, type: 'int64' } as const]),
    ]
    return `${kind} unnest(${value}) as ${name}${offset === undefined ? '' : ` with offset as ${offset}`}`
  }

  #items(count: number, isKey = false): { column: Column; text: string }[] {
    return Array.from({ length: count }, () => {
      const type = this.#choose.of(['int64', 'string', 'float64', 'bool', 'date', 'array<string>'] as const)
      const value = isKey ? this.#key(type, this.#choose.below(3)) : this.#expression(type, 2)
      const name = this.#fresh()
      return { column: { name, type }, text: `${value} as ${name}` }
    })
  }

  #column(type: ColumnType): string {
    const found = this.#columns.filter((column) => column.type === type)
    return found.length === 0 ? this.#literal(type) : this.#choose.of(found).name
  }

  /** A number alone would be taken for the position of a column. */
  #key(type: ColumnType, depth: number): string {
    const value = this.#expression(type, depth)
    return /^[-0-9]/.test(value) ? `cast(${value} as ${type})` : value
  }

  #literal(type: ColumnType): string {
    switch (type) {
      case 'int64':
        return this.#choose.of(['0', '1', '3', '9007199254740993'])
      case 'float64':
        return this.#choose.of(['0.0', '1.5', '-2.25', '1e300'])
      case 'string':
        return this.#choose.of(["''", "'a'", "'é'", "'😀b'"])
      case 'bool':
        return this.#choose.of(['true', 'false', 'cast(null as bool)'])
      case 'date':
        return this.#choose.of(["date '2026-01-01'", "date '1969-12-31'", 'cast(null as date)'])
      default:
        return this.#choose.of(["['a', 'b']", 'array<string>[]', 'cast(null as array<string>)'])
    }
  }

  #bool(depth: number): string {
    const type = this.#choose.of(['int64', 'string', 'float64', 'date'] as const)
    const part = (wanted: ColumnType): string => this.#expression(wanted, depth - 1)
    if (depth <= 0) return this.#column('bool')
    switch (this.#choose.below(10)) {
      case 0:
        return this.#column('bool')
      case 1:
      case 2:
        return `(${part(type)} ${this.#choose.of(['=', '!=', '<', '<=', '>', '>='])} ${part(type)})`
      case 3:
        return `(${part(type)} is ${this.#choose.of(['', 'not '])}distinct from ${part(type)})`
      case 4:
        return `(${this.#column(this.#choose.of(this.#columns).type)} is ${this.#choose.of(['', 'not '])}null)`
      case 5:
        return `(${this.#bool(depth - 1)} ${this.#choose.of(['and', 'or'])} ${this.#bool(depth - 1)})`
      case 6:
        return `(not (${this.#bool(depth - 1)}))`
      case 7:
        return `(${part(type)} ${this.#choose.of(['', 'not '])}in (${this.#literal(type)}, ${part(type)}))`
      case 8:
        return `(${part('string')} ${this.#choose.of(['', 'not '])}like ${this.#choose.of(["'%a%'", "'_'", "'a%'"])})`
      default:
        return `(${part(type)} between ${this.#literal(type)} and ${part(type)})`
    }
  }

  /** Most expressions never fail; sums and products overflow now and then, which is part of the laws. */
  #expression(type: ColumnType, depth: number): string {
    if (depth <= 0 || this.#choose.below(3) === 0) return this.#column(type)
    const part = (wanted: ColumnType): string => this.#expression(wanted, depth - 1)
    switch (this.#choose.below(10)) {
      case 0:
        return this.#literal(type)
      case 1:
        return `coalesce(${part(type)}, ${this.#literal(type)})`
      case 2:
        return `if(${this.#bool(depth - 1)}, ${part(type)}, ${part(type)})`
      case 3:
        return `case when ${this.#bool(depth - 1)} then ${part(type)} end`
      case 4:
        return `nullif(${part(type)}, ${this.#literal(type)})`
      default:
        return this.#typed(type, part)
    }
  }

  #typed(type: ColumnType, part: (wanted: ColumnType) => string): string {
    switch (type) {
      case 'int64':
        return this.#choose.of([
          () => `(${part('int64')} + ${part('int64')})`,
          () => `(${part('int64')} * 3)`,
          () => `(${part('int64')} * ${part('int64')})`,
          () => `div(${part('int64')}, ${part('int64')})`,
          () => `mod(${part('int64')}, 7)`,
          () => `length(${part('string')})`,
          () => `next(${part('int64')})`,
          () => `year(${part('date')})`,
          () => `array_length(${part('array<string>')})`,
          () => `safe_cast(${part('float64')} as int64)`,
        ])()
      case 'float64':
        return this.#choose.of([
          () => `(${part('float64')} + ${part('int64')})`,
          () => `(${part('float64')} * 0.5)`,
          () => `(${part('int64')} / 4)`,
          () => `round(${part('float64')}, 1)`,
          () => `safe_divide(${part('float64')}, ${part('float64')})`,
        ])()
      case 'string':
        return this.#choose.of([
          () => `upper(${part('string')})`,
          () => `tag(${part('string')})`,
          () => `(${part('string')} || ${part('string')})`,
          () => `substr(${part('string')}, 2)`,
          () => `cast(${part('int64')} as string)`,
          () => `cast(${part('float64')} as string)`,
          () => `trim(${part('string')})`,
          () => `array_to_string(${part('array<string>')}, '+')`,
        ])()
      case 'bool':
        return this.#bool(1)
      case 'date':
        return this.#choose.of([() => `(${part('date')} + 1)`, () => `date_trunc(${part('date')}, 'month')`])()
      default:
        return this.#choose.of([
          () => `split(${part('string')}, '')`,
          () => `letters(${part('string')})`,
          () => `[${part('string')}, 'a']`,
          () => `(${part('array<string>')} || ${part('array<string>')})`,
        ])()
    }
  }
}

const nullOf = (type: ColumnType): string => `cast(null as ${type})`
