import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { manyErrors } from '../../../src/base/errors.ts'
import { parseProgram } from '../../../src/dsl/flow/parse.ts'
import type { PipeOp, Query, Statement, TableRef } from '../../../src/dsl/flow/statements.ts'
import type { UnboundForm } from '../../../src/dsl/syntax.ts'
import { showItem, showSyntax, showType } from './show-syntax.ts'

const parse = (text: string): readonly Statement[] => {
  const { statements, errors } = parseProgram('a.flow', text)
  if (errors.length > 0) throw manyErrors(errors)
  return statements
}
const show = (text: string): string => parse(text).map(showStatement).join('\n')
/** The operators of `from t |> ...`. */
const ops = (text: string): string => show(`from t ${text}`).replace(/^t \|> /, '')

describe('statements', () => {
  it.each([
    [
      "import { f(string, int64) returns array<string> as g, h, } from './x.ts'",
      "import f(string, int64) returns array<string> as g, h from './x.ts'",
    ],
    ["import { f() returns string } from './x.ts'", "import f() returns string from './x.ts'"],
    ["param day date = date '2026-01-01'", 'param day date = date:2026-01-01'],
    ['param n array<int64>', 'param n array<int64>'],
    ['type T = struct<a int64 not null, b array<string>,>', 'type T = struct<a int64 not null, b array<string>>'],
    ['let x = from t', 'let x = t'],
    ['let x = (from t |> distinct)', 'let x = (t |> distinct)'],
    ['set parallelism = 8', 'set parallelism = 8'],
  ])('%s', (text, shown) => {
    expect(show(text)).toBe(shown)
  })
  it('needs no sign between statements, and takes any number of ;', () => {
    expect(show("let a = from t |> where x > 1\nfrom a |> limit 1\nset mode = 'serial' ; ; from a; from b")).toBe(
      'let a = t |> where greater(x, 1)\na |> limit 1\nset mode = "serial"\na\nb',
    )
  })
  it('starts a statement at a contextual word, where an alias could stand', () => {
    expect(show('from t\nlet x = from u |> select a\ntype T = struct<a int64>\nparam p string')).toBe(
      't\nlet x = u |> select a\ntype T = struct<a int64>\nparam p string',
    )
  })
  it('knows four forms of comments', () => {
    expect(show('#!/usr/bin/env millrace\nfrom t -- one\n// two\n/* three\n|> limit 1 */ |> limit 2 # four')).toBe('t |> limit 2')
  })
  it('parses the empty text to no statement', () => {
    expect(parse(' -- nothing\n')).toEqual([])
  })
})

describe('sources', () => {
  it.each([
    ["from text('a.txt')", 'text("a.txt")'],
    [
      "from csv('p', delimiter => '|', header => false) schema (a int64 not null, b string,) as c",
      'csv("p", delimiter=>"|", header=>false) schema (a int64 not null, b string) as c',
    ],
    ["from jsonl('p' || @day) schema Page p", 'jsonl(concat("p", @day)) schema Page as p'],
    ["from changes('p') schema (a int64)", 'changes("p") schema (a int64)'],
    ["from values (1, 'a'), (2, 'b') as t(x, y)", 'values (1, "a"), (2, "b") as t(x, y)'],
    ["values (1, 'a'), (2, 'b')", 'values (1, "a"), (2, "b")'],
    ['from t u', 't as u'],
    ['from (from t |> distinct) as x |> limit 1', '(t |> distinct) as x |> limit 1'],
    ['from `my table`', 'my table'],
    ['from a join b on a.k = b.k left join c using (k)', 'a |> join b on equal(a.k, b.k) |> left join c using (k)'],
  ])('%s', (text, shown) => {
    expect(show(text)).toBe(shown)
  })
})

describe('pipe operators', () => {
  it.each([
    ['|> where a > 1', 'where greater(a, 1)'],
    ['|> select a, b as c, t.*', 'select a, b as c, t.*'],
    ['|> select distinct * except (a, b) replace (c + 1 as c)', 'select distinct * except a b replace c=add(c, 1)'],
    ['|> select type, key, date, first, offset', 'select type, key, date, first, offset'],
    ['|> extend a + 1 as b, c d,', 'extend add(a, 1) as b, c as d'],
    ['|> set a = 1, b = a + 1', 'set a = 1, b = add(a, 1)'],
    ['|> drop a, b', 'drop a, b'],
    ['|> rename a as b, c d', 'rename a as b, c as d'],
    ['|> as u', 'as u'],
    ['|> distinct', 'distinct'],
    [
      '|> aggregate count(*) as n, sum(a) group by b, date(c) as day,',
      'aggregate count(*) as n, sum(a) group by b, date(c) as day',
    ],
    ['|> aggregate count(*),', 'aggregate count(*)'],
    ['|> aggregate group by a', 'aggregate group by a'],
    ['|> join u on t.a = u.a', 'join u on equal(t.a, u.a)'],
    ['|> inner join u as v using (a, b)', 'join u as v using (a, b)'],
    ['|> left outer join (from u |> distinct) v on true', 'left join (u |> distinct) as v on true'],
    ['|> join unnest(split(line)) as word', 'unnest split(line) as word'],
    ['|> left join unnest(xs) x with offset', 'left unnest xs as x offset offset'],
    ['|> join unnest(xs) as x with offset as i', 'unnest xs as x offset i'],
    ['|> order by a desc nulls last, b asc, c nulls first', 'order by a desc nulls last, b, c nulls first'],
    ['|> limit 10', 'limit 10'],
    ['|> limit @n offset 5', 'limit @n offset 5'],
    ['|> union all (from a), (from b |> limit 1)', 'union all (a), (b |> limit 1)'],
    ['|> union distinct (from a)', 'union distinct (a)'],
    ["|> write csv('out.csv', header => true)", 'write csv("out.csv", header=>true)'],
    ["|> write jsonl('out.jsonl')", 'write jsonl("out.jsonl")'],
  ])('%s', (text, shown) => {
    expect(ops(text)).toBe(shown)
  })
  it('places an operator from its word to its end', () => {
    const [statement] = parse('from t\n|> where a > 1\n|> limit 2')
    const places = statement.st === 'query' ? statement.query.ops.map((op) => op.at) : []
    expect(places).toEqual([
      { file: 'a.flow', line: 2, column: 4, endLine: 2, endColumn: 15 },
      { file: 'a.flow', line: 3, column: 4, endLine: 3, endColumn: 11 },
    ])
  })
})

it('parses the word count', () => {
  expect(show(readFileSync(new URL('./fixtures/word-count.flow', import.meta.url), 'utf8'))).toMatchInlineSnapshot(`
    "import tokenize(string) returns array<string> from './text.ts'
    param input string = "data/*.txt"
    text(@input) |> unnest tokenize(lower(line)) as word |> aggregate count(*) as n group by word |> order by n desc, word |> limit 100 |> write csv("out/wordcount.csv", header=>true)"
  `)
})

function showStatement(statement: Statement): string {
  switch (statement.st) {
    case 'import': {
      const items = statement.items.map(({ name, signature, alias }) => {
        const types =
          signature === undefined ? '' : `(${signature.args.map(showType).join(', ')}) returns ${showType(signature.returns)}`
        return `${name.name}${types}${alias === undefined ? '' : ` as ${alias.name}`}`
      })
      return `import ${items.join(', ')} from '${statement.path}'`
    }
    case 'param': {
      const { name, type, default: value } = statement.param
      return `param ${name} ${showType(type)}${value === undefined ? '' : ` = ${showSyntax(value)}`}`
    }
    case 'type':
      return `type ${statement.name.name} = ${showType(statement.type)}`
    case 'let':
      return `let ${statement.name.name} = ${showQuery(statement.query)}`
    case 'set':
      return `set ${statement.name.name} = ${showSyntax(statement.value)}`
    case 'query':
      return showQuery(statement.query)
  }
}

const showQuery = (query: Query): string => [showTable(query.from), ...query.ops.map(showOp)].join(' |> ')

function showTable(table: TableRef): string {
  const alias = table.alias === undefined ? '' : ` as ${table.alias.name}`
  switch (table.from) {
    case 'name':
      return `${table.name.name}${alias}`
    case 'query':
      return `(${showQuery(table.query)})${alias}`
    case 'values': {
      const names = table.names === undefined ? '' : `(${table.names.map((name) => name.name).join(', ')})`
      return `values ${table.rows.map((row) => `(${row.map(showSyntax).join(', ')})`).join(', ')}${alias}${names}`
    }
    case 'source':
      return `${showCall(table.name.name, table.args)}${showSchema(table.schema)}${alias}`
  }
}

function showSchema(schema: Extract<TableRef, { from: 'source' }>['schema']): string {
  if (schema === undefined || 'schema' in schema) return ''
  if ('named' in schema) return ` schema ${schema.named}`
  return ` schema (${schema.columns.map((column) => `${column.name} ${showType(column.type)}${column.notNull ? ' not null' : ''}`).join(', ')})`
}

function showCall(name: string, args: Pick<Extract<UnboundForm, { u: 'source' }>, 'positional' | 'named'>): string {
  return `${name}(${[...args.positional.map(showSyntax), ...args.named.map((arg) => `${arg.name}=>${showSyntax(arg.value)}`)].join(', ')})`
}

function showOp(op: PipeOp): string {
  if (op.op === 'union')
    return `union ${op.all ? 'all' : 'distinct'} ${op.queries.map((query) => `(${showQuery(query)})`).join(', ')}`
  if (op.op === 'unary') return showForm(op.form)
  const on = op.on === undefined ? '' : ` on ${showSyntax(op.on)}`
  const using = op.using === undefined ? '' : ` using (${op.using.map((name) => name.name).join(', ')})`
  return `${op.kind === 'left' ? 'left ' : ''}join ${showTable(op.right)}${on}${using}`
}

function showForm(form: UnboundForm): string {
  switch (form.u) {
    case 'where':
      return `where ${showSyntax(form.predicate)}`
    case 'select':
      return `select ${form.distinct ? 'distinct ' : ''}${form.items.map(showItem).join(', ')}`
    case 'extend':
      return `extend ${form.items.map(showItem).join(', ')}`
    case 'set':
      return `set ${form.items.map(({ name, value }) => `${name} = ${showSyntax(value)}`).join(', ')}`
    case 'drop':
      return `drop ${form.names.map(({ name }) => name).join(', ')}`
    case 'rename':
      return `rename ${form.pairs.map(({ from, to }) => `${from} as ${to}`).join(', ')}`
    case 'as':
      return `as ${form.alias}`
    case 'aggregate': {
      const by = form.by.length === 0 ? '' : `group by ${form.by.map(showItem).join(', ')}`
      return ['aggregate', form.items.map(showItem).join(', '), by].filter((part) => part !== '').join(' ')
    }
    case 'unnest':
      return `${form.outer ? 'left ' : ''}unnest ${showSyntax(form.value)} as ${form.as}${form.offset === undefined ? '' : ` offset ${form.offset}`}`
    case 'orderBy': {
      const keys = form.keys.map(
        ({ value, desc, nulls }) => `${showSyntax(value)}${desc ? ' desc' : ''}${nulls === undefined ? '' : ` nulls ${nulls}`}`,
      )
      return `order by ${keys.join(', ')}`
    }
    case 'limit':
      return `limit ${showSyntax(form.count)}${form.offset === undefined ? '' : ` offset ${showSyntax(form.offset)}`}`
    case 'sink':
      return `write ${showCall(form.connector, form)}`
    default:
      return form.u
  }
}
