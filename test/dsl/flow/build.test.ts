import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeError } from '../../../src/base/describe-error.ts'
import { MillraceError } from '../../../src/base/errors.ts'
import { buildFlow } from '../../../src/dsl/flow/build.ts'
import type { UnboundPlan } from '../../../src/dsl/syntax.ts'
import { importUserModule } from '../../../src/run/load-module.ts'

let base: string
let root: string
beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-flow-')))
  root = join(base, 'project')
  mkdirSync(root)
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

function put(path: string, text: string): string {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

const build = (text: string, file = 'main.flow') =>
  buildFlow(join(root, file), text, {
    importModule: importUserModule,
    readFile: (path) => readFileSync(path, 'utf8'),
    projectRoot: root,
  })

/** Nodes as `id op(inputs)`, then outputs. */
async function show(text: string): Promise<string> {
  const { plan } = await build(text)
  const nodes = plan.nodes.map(({ id, form, inputs }) => `${id} ${nameOf(form)}(${inputs.map((input) => input.node).join(', ')})`)
  return [...nodes, ...plan.outputs.map(({ name, port }) => `${name} = ${port.node}`)].join('\n')
}

function nameOf(form: UnboundPlan['nodes'][number]['form']): string {
  if (form.u === 'source' || form.u === 'sink') return `${form.u} ${form.connector}`
  if (form.u === 'table') return `table ${form.name}${form.alias === undefined ? '' : ` as ${form.alias}`}`
  return form.u === 'as' ? `as ${form.alias}` : form.u
}

async function errorsOf(text: string, file?: string): Promise<string> {
  try {
    await build(text, file)
  } catch (thrown) {
    if (!(thrown instanceof MillraceError)) throw thrown
    return describeError(thrown, { [join(root, file ?? 'main.flow')]: text }).replaceAll(root, 'ROOT')
  }
  return ''
}

describe('plans', () => {
  it('share the nodes of a let between its uses', async () => {
    expect(
      await show("let a = from csv('a.csv') |> where x > 1\nfrom a |> limit 1\nfrom t |> join a as b using (k)"),
    ).toMatchInlineSnapshot(`
      "0 source csv()
      1 where(0)
      2 as a(1)
      3 limit(2)
      4 table t()
      5 as b(1)
      6 join(4, 5)
      out1 = 3
      out2 = 6"
    `)
  })
  it('call an output by its dataset where it is nothing else', async () => {
    expect(await show('let a = from t\nfrom a\nfrom a |> limit 1\nfrom a\nvalues (1)')).toMatchInlineSnapshot(`
      "0 table t()
      1 as a(0)
      2 as a(0)
      3 limit(2)
      4 as a(0)
      5 values()
      a = 1
      out2 = 3
      out3 = 4
      out4 = 5"
    `)
  })
  it('have a sink and no output for a query that writes', async () => {
    expect(await show("from t |> distinct |> write csv('out.csv')")).toMatchInlineSnapshot(`
      "0 table t()
      1 distinct(0)
      2 sink csv(1)"
    `)
  })
  it('take inner queries and unions', async () => {
    expect(await show('from (from t |> distinct) as x |> union all (from u), (values (1) as v(a))')).toMatchInlineSnapshot(`
      "0 table t()
      1 distinct(0)
      2 as x(1)
      3 table u()
      4 values()
      5 as v(4)
      6 union(2, 3, 5)
      out1 = 6"
    `)
  })
  it('find datasets in any letter case, an exact one first', async () => {
    expect(await show('let Big = from t\nlet big = from u\nfrom Big\nfrom big |> limit 1')).toMatchInlineSnapshot(`
      "0 table t()
      1 table u()
      2 as Big(0)
      3 as big(1)
      4 limit(3)
      Big = 2
      out2 = 4"
    `)
    expect(await show('let Orders = from t\nfrom orders |> limit 1')).toMatchInlineSnapshot(`
      "0 table t()
      1 as Orders(0)
      2 limit(1)
      out1 = 2"
    `)
  })
  it('let a dataset take the name of the table it comes from', async () => {
    expect(await show('let t = from t |> distinct\nfrom t')).toMatchInlineSnapshot(`
      "0 table t()
      1 distinct(0)
      2 as t(1)
      t = 2"
    `)
  })
  it('carry parameters, types, options and texts', async () => {
    const text = "param n int64 = 1\ntype T = struct<a int64>\nset parallelism = 4\nset mode = 'serial'\nfrom t"
    const { plan } = await build(text)
    expect(plan.program).toBe('main.flow')
    expect(plan.params.map((param) => param.name)).toEqual(['n'])
    expect(plan.types.map((type) => type.name)).toEqual(['T'])
    expect(plan.options).toEqual({ parallelism: 4, mode: 'serial' })
    expect(plan.sources[join(root, 'main.flow')]).toBe(text)
  })
})

describe('errors', () => {
  it('are reported together', async () => {
    expect(
      await errorsOf(
        "let a = from t\nlet a = from u |> write csv('x')\nfrom b\nlet b = from t\nfrom t |> write csv('x') |> limit 1",
      ),
    ).toMatchInlineSnapshot(`
      "error FLOW_DUPLICATE_NAME: dataset 'a' is defined twice
       --> ROOT/main.flow:2:5
        |
      1 | let a = from t
        |     - first defined here
      2 | let a = from u |> write csv('x')
        |     ^

      error FLOW_SYNTAX: 'write' ends a statement and stands in no let or inner query
       --> ROOT/main.flow:2:19
        |
      2 | let a = from u |> write csv('x')
        |                   ^^^^^^^^^^^^^^
        help: write the dataset in a query of its own: from name |> write ...

      error PLAN_UNKNOWN_TABLE: dataset 'b' is used before its let
       --> ROOT/main.flow:3:6
        |
      3 | from b
        |      ^
      4 | let b = from t
        |     - defined here
        help: move the let above its first use

      error FLOW_SYNTAX: nothing can follow 'write'
       --> ROOT/main.flow:5:29
        |
      5 | from t |> write csv('x') |> limit 1
        |                             ^^^^^^^
        |           -------------- ends here

      4 errors"
    `)
  })
  it('of a write inside a let or an inner query', async () => {
    expect(await errorsOf("let a = from t |> write csv('x')\nfrom (from u |> write csv('y'))")).toMatchInlineSnapshot(`
      "error FLOW_SYNTAX: 'write' ends a statement and stands in no let or inner query
       --> ROOT/main.flow:1:19
        |
      1 | let a = from t |> write csv('x')
        |                   ^^^^^^^^^^^^^^
        help: write the dataset in a query of its own: from name |> write ...

      error FLOW_SYNTAX: 'write' ends a statement and stands in no let or inner query
       --> ROOT/main.flow:2:17
        |
      2 | from (from u |> write csv('y'))
        |                 ^^^^^^^^^^^^^^
        help: write the dataset in a query of its own: from name |> write ...

      2 errors"
    `)
  })
  it('of names that fit several datasets', async () => {
    expect(await errorsOf('let Big = from t\nlet big = from u\nfrom BIG')).toMatchInlineSnapshot(`
      "error PLAN_UNKNOWN_TABLE: 'BIG' may be dataset 'Big' or 'big'
       --> ROOT/main.flow:3:6
        |
      3 | from BIG
        |      ^^^
        help: write the name as it is defined"
    `)
  })
  it('of options', async () => {
    expect(await errorsOf("set paralellism = 1\nset parallelism = 0\nset mode = 'fast'\nset colour = 1")).toMatchInlineSnapshot(`
      "error PLAN_UNKNOWN_OPTION: unknown option 'paralellism'
       --> ROOT/main.flow:1:5
        |
      1 | set paralellism = 1
        |     ^^^^^^^^^^^
        help: did you mean 'parallelism'?

      error PLAN_CONSTANT: option 'parallelism' needs a whole number from 1 to 65536
       --> ROOT/main.flow:2:19
        |
      2 | set parallelism = 0
        |                   ^

      error PLAN_CONSTANT: option 'mode' needs one of 'auto', 'serial', 'hybrid', 'pipelined'
       --> ROOT/main.flow:3:12
        |
      3 | set mode = 'fast'
        |            ^^^^^^

      error PLAN_UNKNOWN_OPTION: unknown option 'colour'
       --> ROOT/main.flow:4:5
        |
      4 | set colour = 1
        |     ^^^^^^
        help: the options are parallelism, mode, on_error, dead_letters, max_errors

      4 errors"
    `)
  })
  it('of parameters and types that are defined twice', async () => {
    expect(
      await errorsOf('param a int64\nparam a string\ntype T = struct<a int64>\ntype T = struct<a int64>'),
    ).toMatchInlineSnapshot(`
      "error FLOW_DUPLICATE_NAME: parameter 'a' is defined twice
       --> ROOT/main.flow:2:7
        |
      1 | param a int64
        |       - first defined here
      2 | param a string
        |       ^

      error FLOW_DUPLICATE_NAME: type 'T' is defined twice
       --> ROOT/main.flow:4:6
        |
      3 | type T = struct<a int64>
        |      - first defined here
      4 | type T = struct<a int64>
        |      ^

      2 errors"
    `)
  })
})

describe('functions', () => {
  it('come from plain exports with a signature, one reference an export', async () => {
    put('fns.ts', "export const words = (text: string): string[] => text.split(' ')\nexport const other = 1\n")
    const { plan, functions } = await build(
      "import { words(string) returns array<string>, words(string) returns array<string> as w } from './fns.ts'\nfrom t",
    )
    expect(plan.imports.map(({ name, fn }) => [name, fn.id, fn.export, fn.ordinal])).toEqual([
      ['words', 0, 'words', -1],
      ['w', 0, 'words', -1],
    ])
    expect(plan.fns.length).toBe(1)
    expect(plan.imports[0].returns).toEqual({ kind: 'array', item: { kind: 'string' }, nullableItems: true })
    expect((functions.get(0) as (text: string) => string[])('a b')).toEqual(['a', 'b'])
  })
  it('come from defineScalar with their own types', async () => {
    const source = new URL('../../../src/dsl/define-function.ts', import.meta.url).href
    put(
      'defined.ts',
      `import { defineScalar } from '${source}'\nexport const twice = defineScalar({ args: ['int64'], returns: 'int64', deterministic: true, fn: (n) => n * 2 })\n`,
    )
    const { plan, functions } = await build("import { twice as double } from './defined.ts'\nfrom t")
    expect(plan.imports[0]).toMatchObject({ name: 'double', args: [{ kind: 'int64' }], returns: { kind: 'int64' } })
    expect(plan.fns[0]).toMatchObject({ export: 'twice', deterministic: true, reads: 'all', captures: [] })
    const fn = functions.get(0) as (n: number | null) => number | null
    expect([fn(4), fn(null)]).toEqual([8, null])
    expect(await errorsOf("import { twice(string) returns int64 } from './defined.ts'")).toMatchInlineSnapshot(`
      "error FLOW_IMPORT_SIGNATURE: 'twice' is declared as (int64) returns int64, found (string) returns int64
       --> ROOT/main.flow:1:10
        |
      1 | import { twice(string) returns int64 } from './defined.ts'
        |          ^^^^^
        help: leave the signature out"
    `)
  })
  it('may have signatures with types of the program', async () => {
    put('rows.ts', 'export const parse = () => ({ a: 1 })\n')
    const { plan } = await build("import { parse(string) returns T } from './rows.ts'\ntype T = struct<a int64>\nfrom t")
    expect(plan.imports[0].returns.kind).toBe('struct')
  })
  it('are refused without types, without export, without file', async () => {
    put('plain.ts', 'export const words = (text: string) => text\nexport const limit = 3\n')
    expect(
      await errorsOf(
        "import { words } from './plain.ts'\nimport { wrods(string) returns string, limit as l } from './plain.ts'\nimport { x } from './gone.ts'\nimport { y } from 'plain.ts'\nimport { z(nope) returns string } from './plain.ts'",
      ),
    ).toMatchInlineSnapshot(`
      "error FLOW_IMPORT_SIGNATURE: the types of 'words' are not known: it is a plain function
       --> ROOT/main.flow:1:10
        |
      1 | import { words } from './plain.ts'
        |          ^^^^^
        help: write the types, such as words(string) returns string, or define it with defineScalar

      error FLOW_IMPORT_NOT_FOUND: './plain.ts' has no export 'wrods'
       --> ROOT/main.flow:2:10
        |
      2 | import { wrods(string) returns string, limit as l } from './plain.ts'
        |          ^^^^^
        help: did you mean 'words'?

      error FLOW_IMPORT_SIGNATURE: expected a function, 'limit' is a number
       --> ROOT/main.flow:2:40
        |
      2 | import { wrods(string) returns string, limit as l } from './plain.ts'
        |                                        ^^^^^

      error FLOW_IMPORT_NOT_FOUND: there is no file './gone.ts'
       --> ROOT/main.flow:3:19
        |
      3 | import { x } from './gone.ts'
        |                   ^^^^^^^^^^^
        help: imports start from the importing file: ROOT/gone.ts

      error FLOW_IMPORT_NOT_FOUND: an import is a path that starts with './' or '../', found 'plain.ts'
       --> ROOT/main.flow:4:19
        |
      4 | import { y } from 'plain.ts'
        |                   ^^^^^^^^^^
        help: did you mean './plain.ts'?

      error FLOW_IMPORT_NOT_FOUND: './plain.ts' has no export 'z'
       --> ROOT/main.flow:5:10
        |
      5 | import { z(nope) returns string } from './plain.ts'
        |          ^
        help: its exports are words, limit

      6 errors"
    `)
  })
  it('that fail to load name the place in the module, and no stack', async () => {
    put('throws.ts', "const a: number = 1\nthrow new Error('no database')\n")
    put('broken.ts', 'export const a = 1\nexport const b = (\n')
    const thrown = await errorsOf("import { a } from './throws.ts'")
    expect(thrown).toContain("error FLOW_IMPORT_FAILED: './throws.ts' could not be loaded: no database")
    expect(thrown).not.toContain('    at ')
    expect(await errorsOf("import { a } from './broken.ts'")).toContain('FLOW_IMPORT_FAILED')
  })
})

describe('imported programs', () => {
  it('give datasets and types; their queries and writes do not run', async () => {
    put(
      'lib.flow',
      "param day date\ntype Row = struct<a int64>\nlet clean = from csv('c.csv') schema Row |> where a > 0\nlet unused = from u\nfrom clean |> write csv('never.csv')\nfrom clean",
    )
    expect(await show("import { clean, Row as R } from './lib.flow'\nfrom clean\nfrom clean |> distinct")).toMatchInlineSnapshot(`
      "0 source csv()
      1 where(0)
      2 as clean(1)
      3 as clean(1)
      4 distinct(3)
      clean = 2
      out2 = 4"
    `)
    const { plan } = await build("import { clean as c, Row } from './lib.flow'\nfrom c")
    expect(plan.params.map((param) => param.name)).toEqual(['day'])
    expect(plan.types.map((type) => type.name)).toEqual(['Row'])
    expect(plan.outputs.map((output) => output.name)).toEqual(['c'])
  })
  it('share the datasets of a file that is imported twice', async () => {
    put('base.flow', 'let raw = from t')
    put('left.flow', "import { raw } from './base.flow'\nlet l = from raw |> distinct")
    put('right.flow', "import { raw } from './base.flow'\nlet r = from raw |> limit 1")
    const shown = await show("import { l } from './left.flow'\nimport { r } from './right.flow'\nfrom l |> union all (from r)")
    expect(shown.match(/table t/g)?.length).toBe(1)
  })
  it('start their own imports from their own folder', async () => {
    put('deep/inner.flow', "import { raw } from '../base.flow'\nlet d = from raw")
    expect(await show("import { d } from './deep/inner.flow'\nfrom d")).toContain('table t')
  })
  it('must not import each other in a circle', async () => {
    put('a.flow', "import { b } from './b.flow'\nlet a = from b")
    put('b.flow', "import { a } from './a.flow'\nlet b = from a")
    expect(await errorsOf("import { a } from './a.flow'\nfrom a")).toMatchInlineSnapshot(`
      "error FLOW_IMPORT_CYCLE: files import each other: a.flow → b.flow → a.flow
       --> ROOT/b.flow:1:19"
    `)
    expect(await errorsOf("import { x } from './main.flow'")).toContain('main.flow → main.flow')
  })
  it('must have equal types for equal parameters', async () => {
    put('params.flow', 'param n int64\nlet x = from t')
    expect(await errorsOf("import { x } from './params.flow'\nparam n string\nfrom x")).toMatchInlineSnapshot(`
      "error FLOW_DUPLICATE_NAME: parameter 'n' is int64 here and string in 'ROOT/main.flow'
       --> ROOT/params.flow:1:7
       --> ROOT/main.flow:2:7
        |
      2 | param n string
        |       - declared here"
    `)
    const { plan } = await build("import { x } from './params.flow'\nparam n int64 = 5\nfrom x")
    expect(plan.params[0].default).toBeDefined()
  })
  it('must lie in the project, links followed', async () => {
    writeFileSync(join(base, 'outside.flow'), 'let x = from t')
    symlinkSync(base, join(root, 'link'))
    expect(await errorsOf("import { x } from '../outside.flow'")).toContain('FLOW_IMPORT_OUTSIDE')
    expect(await errorsOf("import { x } from './link/outside.flow'")).toContain('FLOW_IMPORT_OUTSIDE')
    expect(await errorsOf("import { x } from './link/outside.ts'")).toContain('FLOW_IMPORT_OUTSIDE')
    expect(await errorsOf("import { x } from '../project-two/x.flow'")).toContain('FLOW_IMPORT_OUTSIDE')
  })
  it('report their own syntax errors', async () => {
    put('bad.flow', 'let x = from t |> wher a')
    expect(await errorsOf("import { x } from './bad.flow'\nfrom x")).toMatchInlineSnapshot(`
      "error FLOW_UNKNOWN_OPERATOR: unknown pipe operator 'wher'
       --> ROOT/bad.flow:1:19
        help: did you mean 'where'?"
    `)
  })
  it('must define what is imported', async () => {
    expect(
      await errorsOf("import { rwa } from './base.flow'\nimport { raw(int64) returns string } from './base.flow'"),
    ).toMatchInlineSnapshot(`
      "error FLOW_IMPORT_NOT_FOUND: './base.flow' defines no 'rwa'
       --> ROOT/main.flow:1:10
        |
      1 | import { rwa } from './base.flow'
        |          ^^^
        help: did you mean 'raw'?

      error FLOW_IMPORT_SIGNATURE: datasets and types take no signature
       --> ROOT/main.flow:2:10
        |
      2 | import { raw(int64) returns string } from './base.flow'
        |          ^^^

      2 errors"
    `)
  })
})
