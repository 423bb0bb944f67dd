import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cli, launcher, leftovers, project, shell } from './cli.ts'

/** A command that must fail: the files it finds, its arguments, and what it must say. */
interface BadCase {
  what: string
  files?: Readonly<Record<string, string | Uint8Array>>
  args: readonly string[]
  input?: string
  code: string
  says: readonly string[]
}

/** What the process ends with, by the area of the code. */
const exits: Readonly<Record<string, number>> = {
  FLOW: 2,
  PLAN: 2,
  USAGE: 2,
  RUN: 1,
  DATA: 3,
  SOURCE: 4,
  SINK: 4,
  RESOURCE: 5,
}

const query = (text: string): string[] => ['query', '-e', text]
const small = { 'a.csv': 'a,b\n1,2\n3,4\n', 'ok.flow': "from csv('a.csv')\n" }
const bytes = (...parts: (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part)])))

/** One clear message with its code; nothing on standard output, no stack, no file that was not there before. */
async function expectFailure({ files = small, args, input, code, says }: BadCase): Promise<void> {
  const folder = project(files)
  const before = readdirSync(folder, { recursive: true })
  const result = await cli(args, { cwd: folder, input })
  expect(result.stderr).toContain(`error ${code}: `)
  for (const part of says) expect(result.stderr).toContain(part)
  expect(result.stderr).not.toMatch(/^\s+at /m)
  expect(result).toMatchObject({ code: exits[code.slice(0, code.indexOf('_'))], stdout: '' })
  expect(leftovers(folder)).toEqual([])
  expect(readdirSync(folder, { recursive: true }).filter((name) => !String(name).startsWith('.millrace'))).toEqual(before)
}

describe('bad data', () => {
  const cases: readonly BadCase[] = [
    {
      what: 'a missing file',
      args: query("from csv('b.csv')"),
      code: 'SOURCE_NOT_FOUND',
      says: ["the file 'b.csv' does not exist", "1 | from csv('b.csv')", 'looked in the working directory'],
    },
    {
      what: 'a device',
      args: query("from csv('/dev/zero')"),
      code: 'SOURCE_UNREADABLE',
      says: ["'/dev/zero' is a pipe or a device, expected a file", 'help: write what it gives to a file first'],
    },
    {
      what: 'a pattern without files',
      args: query("from csv('*.nope')"),
      code: 'SOURCE_NOT_FOUND',
      says: ["no file matches '*.nope'"],
    },
    {
      what: 'an empty file',
      files: { 'a.csv': '' },
      args: query("from csv('a.csv')"),
      code: 'DATA_NO_HEADER',
      says: ['expected a header line, found none', 'a.csv:1', 'help: write header => false'],
    },
    {
      what: 'a row with too few fields',
      files: { 'a.csv': 'a,b\n1,2\n3\n' },
      args: query("from csv('a.csv')"),
      code: 'DATA_ROW_SHAPE',
      says: ['expected 2 fields, found 1', 'a.csv:3 (byte 8)', 'text: 3'],
    },
    {
      what: 'a row with too many fields, far behind the rows that types are inferred from',
      files: { 'a.csv': `a,b\n${'1,2\n'.repeat(50_000)}3,4,5\n` },
      args: query("from csv('a.csv')"),
      code: 'DATA_ROW_SHAPE',
      says: ['expected 2 fields, found 3', 'a.csv:50002 (byte 200004)', 'text: 3,4,5'],
    },
    {
      what: 'a bad number',
      files: { 'a.csv': 'n\n1\n2x\n' },
      args: query("from csv('a.csv') schema (n int64)"),
      code: 'DATA_BAD_VALUE',
      says: ["expected int64 in column 'n', found '2x'", 'a.csv:3 (byte 4)', 'text: 2x', 'leave such rows out: --on-error skip'],
    },
    {
      what: 'text that is not UTF-8',
      files: { 'a.csv': bytes('a\nok\nbad ', 0xff, 0xfe, '\n') },
      args: query("from csv('a.csv')"),
      code: 'DATA_INVALID_UTF8',
      says: ['found the byte 0xff at offset 9', 'a.csv:3 (byte 9)', 'help: convert the file to UTF-8'],
    },
    {
      what: 'a quote that is never closed',
      files: { 'a.csv': 'a,b\n"x\ny",2\n"un,3\n4,5\n' },
      args: query("from csv('a.csv')"),
      code: 'DATA_UNCLOSED_QUOTE',
      says: ['does not end', 'a.csv:4 (byte 12)', 'text: "un,3'],
    },
    {
      what: 'text behind a closing quote',
      files: { 'a.csv': 'a,b\n"x"y,2\n' },
      args: query("from csv('a.csv')"),
      code: 'DATA_BAD_QUOTE',
      says: ['found other text', 'a.csv:2 (byte 4)'],
    },
    {
      what: 'a header without a declared column',
      args: query("from csv('a.csv') schema (a int64, z string)"),
      code: 'DATA_MISSING_COLUMN',
      says: ["expected a column 'z' in the header, found a, b", 'a.csv:1'],
    },
    {
      what: 'a line that is no JSON',
      files: { 'a.jsonl': '{"a":1}\n{"a":\n' },
      args: query("from jsonl('a.jsonl')"),
      code: 'DATA_BAD_JSON',
      says: ['expected a JSON value, found the end of the line', 'a.jsonl:2 (byte 8)', 'text: {"a":'],
    },
    {
      what: 'a line longer than 16 MB',
      files: { 'a.txt': 'x'.repeat(17 * 2 ** 20) },
      args: query("from text('a.txt') |> select length(line) as n"),
      code: 'DATA_LINE_TOO_LONG',
      says: ['longer than 16 MB', 'a.txt:1 (byte 0)', '…'],
    },
    {
      what: 'a header of more than 10,000 columns',
      files: { 'a.csv': `${Array.from({ length: 10_001 }, (_, i) => `c${i}`).join(',')}\n` },
      args: query("from csv('a.csv')"),
      code: 'PLAN_TOO_MANY_COLUMNS',
      says: ['10001 columns, more than 10000'],
    },
    {
      what: 'control characters in a value, which are escaped',
      files: { 'a.csv': 't\n\u001b[31mred\u0007\n' },
      args: query("from csv('a.csv') |> select cast(t as int64) as n"),
      code: 'RUN_CAST',
      says: ["cannot cast string '\\u001b[31mred\\u0007' to int64", 'help: safe_cast gives null instead'],
    },
    {
      what: 'control characters in a row, which are escaped',
      files: { 'a.csv': 'n\n1\n\u001b[2J\n' },
      args: query("from csv('a.csv') schema (n int64)"),
      code: 'DATA_BAD_VALUE',
      says: ["found '\\u001b[2J'", 'text: \\x1b[2J'],
    },
  ]
  it.each(cases)('says what is wrong with $what', expectFailure)
})

describe('a function', () => {
  const call = (body: string): Record<string, string> => ({
    ...small,
    'f.ts': `export function f(n: number): number {\n  ${body}\n}\n`,
    'f.flow':
      "import { f(int64) returns int64 } from './f.ts'\nfrom csv('a.csv')\n|> select f(a) as n\n|> write csv('out.csv')\n",
  })
  const run = ['run', 'f.flow']
  const cases: readonly BadCase[] = [
    {
      what: 'throws',
      files: call("throw new TypeError('no \\u001b[31m luck')"),
      args: run,
      code: 'RUN_FUNCTION_FAILED',
      says: ["f threw 'no \\u001b[31m luck'", 'f.flow:3:11', '3 | |> select f(a) as n'],
    },
    {
      what: 'throws in a worker',
      files: call("throw new TypeError('no luck')"),
      args: [...run, '--workers', '2'],
      code: 'RUN_FUNCTION_FAILED',
      says: ["f threw 'no luck'", 'f.flow:3:11'],
    },
    {
      what: 'throws what is no error',
      files: call('throw null'),
      args: run,
      code: 'RUN_FUNCTION_FAILED',
      says: ["f threw 'null'"],
    },
    {
      what: 'calls itself without end',
      files: call('return f(n)'),
      args: run,
      code: 'RUN_FUNCTION_FAILED',
      says: ['Maximum call stack size exceeded'],
    },
    {
      what: 'returns another type',
      files: call("return 'text' as never"),
      args: run,
      code: 'DATA_SHAPE_CHANGED',
      says: ["result of f: expected int64, found string 'text'", 'f.flow:3:11'],
    },
    {
      what: 'returns a fraction for an integer',
      files: call('return n + 0.5'),
      args: run,
      code: 'DATA_SHAPE_CHANGED',
      says: ['expected int64, found number 1.5'],
    },
    {
      what: 'ends the process',
      files: call('process.exit(7)'),
      args: run,
      code: 'RUN_WORKER_LOST',
      says: ['ended the process with exit code 7', 'help: '],
    },
    {
      what: 'throws from a timer',
      files: {
        ...call(
          'setImmediate(() => { throw new TypeError("late") }); for (const end = Date.now() + 50; Date.now() < end; ); return n',
        ),
        'a.csv': `a\n${'1\n'.repeat(5)}`,
      },
      args: run,
      code: 'RUN_FUNCTION_FAILED',
      says: ['outside of its functions: late', 'help: '],
    },
  ]
  it.each(cases)('that $what ends the run with a place and without a file', expectFailure)

  const pipeline = (body: string): Record<string, string> => ({
    ...small,
    'p.ts': `import { csv, pipeline } from 'millrace'\nexport default pipeline('p', {}, (p) =>\n  p.read(csv('a.csv', { schema: { a: 'int64', b: 'int64' } }))\n    .map((row) => ${body}))\n`,
  })
  it.each<BadCase>([
    {
      what: 'throws',
      files: pipeline("{ throw new Error('no luck') }, { returns: { a: 'int64' } }"),
      args: ['run', 'p.ts'],
      code: 'RUN_FUNCTION_FAILED',
      says: ['no luck', 'p.ts:4:6'],
    },
    {
      what: 'returns another shape later',
      files: {
        ...pipeline("(row.b < 5000 ? { n: row.b } : { n: 'text' })"),
        'a.csv': `a,b\n${Array.from({ length: 6000 }, (_, n) => `1,${n}\n`).join('')}`,
      },
      args: ['run', 'p.ts'],
      code: 'DATA_SHAPE_CHANGED',
      says: ["(row 5001 of split 0): n: expected float64, found string 'text'", '--> p.ts:4:6'],
    },
  ])('of a pipeline that $what names the place of the call', expectFailure)
})

describe('a program', () => {
  const module = (text: string): Record<string, string> => ({ ...small, 'p.ts': text })
  const run = ['run', 'p.ts']
  const cases: readonly BadCase[] = [
    {
      what: 'that is not there',
      args: ['run', 'gone.flow'],
      code: 'USAGE_FILE',
      says: ["there is no file 'gone.flow'", 'help: paths start from'],
    },
    {
      what: 'that is a folder',
      args: ['run', '.'],
      code: 'USAGE_FILE',
      says: ["'.' is a folder, expected a .flow file or a module"],
    },
    {
      what: 'with another extension',
      args: ['run', 'a.csv'],
      code: 'USAGE_FILE',
      says: ["'a.csv' is no program", '.flow, .ts'],
    },
    {
      what: 'without a pipeline',
      files: module('export const a = 1\n'),
      args: run,
      code: 'USAGE_MODULE',
      says: ['no pipeline as its default export', 'help: write export default pipeline(...)'],
    },
    {
      what: 'whose pipeline is a named export',
      files: module(
        "import { csv, pipeline } from 'millrace'\nexport const mine = pipeline('p', {}, (p) => p.read(csv('a.csv')))\n",
      ),
      args: run,
      code: 'USAGE_MODULE',
      says: ["help: export 'mine' as the default"],
    },
    {
      what: 'with a syntax error',
      files: module('const a = 1\nconst x = ;\n'),
      args: run,
      code: 'USAGE_MODULE',
      says: ['Expression expected', 'p.ts:2:11', '2 | const x = ;'],
    },
    {
      what: 'that imports JavaScript with a syntax error',
      files: { ...module("import { a } from './lib/a.mjs'\n"), 'lib/a.mjs': 'export const a = 1\n\nconst b = = 2\n' },
      args: run,
      code: 'USAGE_MODULE',
      says: ["Unexpected token '='", 'lib/a.mjs:3:11', '3 | const b = = 2'],
    },
    {
      what: 'that ends too early',
      files: module('export const a = 1\nfunction f( {\n'),
      args: run,
      code: 'USAGE_MODULE',
      says: ['p.ts:2:1', '2 | function f( {'],
    },
    {
      what: 'with an enum',
      files: module('export const a = 1\nenum Color { Red }\n'),
      args: run,
      code: 'USAGE_MODULE',
      says: ['enum', 'p.ts:2:1', 'erasableSyntaxOnly'],
    },
    {
      what: 'that imports a file which is not there',
      files: module("export const a = 1\nimport { b } from './gone.ts'\n"),
      args: run,
      code: 'USAGE_MODULE',
      says: ['Cannot find module', 'p.ts:2:22', 'help: imports need the file extension'],
    },
    {
      what: 'that throws when it is loaded',
      files: module("const a = 1\nthrow new Error('at load')\n"),
      args: run,
      code: 'USAGE_MODULE',
      says: ['at load', 'p.ts:2:7'],
    },
    {
      what: 'that ends the process when it is loaded',
      files: module('process.exit(0)\n'),
      args: run,
      code: 'RUN_WORKER_LOST',
      says: ['ended the process', 'help: '],
    },
    {
      what: 'that waits for ever when it is loaded',
      files: module('await new Promise(() => {})\n'),
      args: run,
      code: 'RUN_WORKER_LOST',
      says: ['waits for something that never comes', 'help: '],
    },
    {
      what: 'whose function throws',
      files: module(
        "import { csv, pipeline } from 'millrace'\nexport default pipeline('p', {}, (p) => (p as any).nope(csv('a.csv')))\n",
      ),
      args: run,
      code: 'USAGE_MODULE',
      says: ["the function of pipeline 'p' threw: p.nope is not a function", 'p.ts:2:52'],
    },
    {
      what: 'whose function returns no collection',
      files: module("import { pipeline } from 'millrace'\nexport default pipeline('p', {}, () => 3 as never)\n"),
      args: run,
      code: 'PLAN_NO_OUTPUT',
      says: ["pipeline 'p' returns no collection", 'help: '],
    },
    {
      what: 'with several errors, all of which are told',
      files: { ...small, 'p.flow': "from csv('a.csv') |> wher a > 1\nfrom csv('a.csv') |> where a >\nfrom csv('a.csv')\n" },
      args: ['check', 'p.flow'],
      code: 'FLOW_UNKNOWN_OPERATOR',
      says: ["unknown pipe operator 'wher'", 'p.flow:1:22', "help: did you mean 'where'?", 'error FLOW_SYNTAX: ', '2 errors'],
    },
    {
      what: 'with unknown names',
      files: { ...small, 'p.flow': "from csv('a.csv') |> where c > 1\nfrom csv('a.csv') |> select uper('x') as x\n" },
      args: ['check', 'p.flow'],
      code: 'PLAN_UNKNOWN_COLUMN',
      says: [
        "unknown column 'c'",
        'help: columns here: a int64, b int64',
        'error PLAN_UNKNOWN_FUNCTION: ',
        "did you mean 'upper'?",
        '2 errors',
      ],
    },
  ]
  it.each(cases)('$what is refused with its place', expectFailure)

  it('tells its errors as JSON on standard output when that is the format', async () => {
    const folder = project(small)
    const { code, stdout, stderr } = await cli([...query("from csv('a.csv') |> select c, d"), '--format', 'json'], {
      cwd: folder,
    })
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    const answer = JSON.parse(stdout)
    expect(answer.error).toMatchObject({ code: 'PLAN_UNKNOWN_COLUMN', message: "unknown column 'c'", line: 1, column: 29 })
    expect(answer.errors.map((error: { message: string }) => error.message)).toEqual(["unknown column 'c'", "unknown column 'd'"])
  })
})

describe('the command line', () => {
  const withParam = { ...small, 'p.flow': "param day date\nfrom csv('a.csv') |> where @day > '2020-01-01'\n" }
  const usage = (what: string, args: readonly string[], ...says: string[]): BadCase => ({
    what,
    args,
    code: 'USAGE_ARGUMENT',
    says,
  })
  const cases: readonly BadCase[] = [
    usage('an unknown command', ['runn', 'ok.flow'], "unknown command 'runn'", "did you mean 'run' or 'runs'?"),
    usage('no file', ['run'], "missing required argument 'file'"),
    usage('two files', ['run', 'ok.flow', 'more.flow'], 'too many arguments', 'expected 1'),
    usage('an unknown option', ['run', 'ok.flow', '--workrs', '3'], "unknown option '--workrs'", "did you mean '--workers'?"),
    usage('an unknown format', ['run', 'ok.flow', '--format', 'cvs'], "argument 'cvs' is invalid", "did you mean 'csv'?"),
    usage('an unknown backend', ['run', 'ok.flow', '--backend', 'spark'], "argument 'spark' is invalid", 'auto, inline, threads'),
    usage('no workers', ['run', 'ok.flow', '--workers', '0'], "--workers takes a whole number from 1 to 65536, found '0'"),
    usage('a word for a number', ['run', 'ok.flow', '--workers', 'two'], "found 'two'"),
    usage('too little memory', ['run', 'ok.flow', '--memory', '1KB'], "--memory must be at least 4MB, found '1KB'"),
    usage(
      'a word for memory',
      ['run', 'ok.flow', '--memory', 'lots'],
      "--memory takes a size such as 512MB or 2GiB, found 'lots'",
    ),
    usage('a parameter without a value', ['run', 'ok.flow', '--param', 'x'], "--param takes name=value, found 'x'"),
    usage('a parameter given twice', ['run', 'ok.flow', '--param', 'x=1', '--param', 'x=2'], "--param gives 'x' twice"),
    usage(
      'an unknown rule',
      ['run', 'ok.flow', '--disable-rule', 'fold-constnts'],
      "no planner rule 'fold-constnts'",
      "did you mean 'fold-constants'?",
    ),
    usage('an unknown output', [...query("from csv('a.csv')"), '--output', '3'], "there is no output '3'"),
    usage('an empty query', query(''), 'the query is empty', 'help: for example'),
    usage('an empty query to check', ['check', '-e', ' '], 'the query is empty'),
    usage('help for an unknown command', ['help', 'explian'], "unknown command 'explian'", "did you mean 'explain'?"),
    usage(
      'to resume a pipelined run',
      ['run', 'ok.flow', '--resume', '--mode', 'pipelined'],
      'only a serial or hybrid run can be resumed',
    ),
    usage('workers of one thread', ['run', 'ok.flow', '--backend', 'inline', '--workers', '2'], '--workers asks for 2'),
    {
      what: 'a program that is not there',
      args: ['run', 'ok.flwo'],
      code: 'USAGE_FILE',
      says: ["there is no file 'ok.flwo'", "help: did you mean 'ok.flow'?"],
    },
    { what: 'a path of nothing', args: ['query', ''], code: 'USAGE_FILE', says: ['the path of the program is empty'] },
    {
      what: 'a query with control characters, which it shows',
      args: query('from \u001b[2Jx'),
      code: 'FLOW_BAD_CHARACTER',
      says: ["starts with '\\u001b'", '1 | from ␛[2Jx'],
    },
    usage('--incremental without --once', ['run', 'ok.flow', '--incremental'], '--incremental needs --once'),
    {
      what: 'a query without -e',
      args: ['query', "from csv('a.csv')"],
      code: 'USAGE_FILE',
      says: ['help: a query is given with -e'],
    },
    {
      what: 'an unknown parameter',
      files: withParam,
      args: ['run', 'p.flow', '--param', 'dya=2020-01-01'],
      code: 'USAGE_PARAM',
      says: ["unknown parameter 'dya'", "did you mean 'day'?"],
    },
    {
      what: 'a missing parameter',
      files: withParam,
      args: ['run', 'p.flow'],
      code: 'USAGE_PARAM',
      says: ["no value for 'day date'", 'help: give --param day=...'],
    },
    {
      what: 'a parameter of another type',
      files: withParam,
      args: ['run', 'p.flow', '--param', 'day=yesterday'],
      code: 'USAGE_PARAM',
      says: ["'yesterday' is not a date", 'p.flow:1:7'],
    },
    {
      what: 'several results for one csv',
      files: { ...small, 'two.flow': "from csv('a.csv')\nfrom csv('a.csv')\n" },
      args: ['run', 'two.flow', '--format', 'csv'],
      code: 'USAGE_MANY_OUTPUTS',
      says: ['the program has 2 outputs and csv holds one', 'help: choose one with --output'],
    },
  ]
  it.each(cases)('refuses $what', expectFailure)

  it('prints help on standard error when it is called with nothing', async () => {
    const result = await cli([], { cwd: project(small) })
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr).toContain('Usage: millrace')
  })

  it('refuses a Node.js that is too old, before it loads anything', async () => {
    const folder = project({ 'old.cjs': "Object.defineProperty(process.versions, 'node', { value: '22.17.9' })" })
    const result = await cli(['--version'], { cwd: folder, node: ['-r', './old.cjs'] })
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr).toContain('error USAGE_NODE_VERSION: millrace needs Node.js 22.18 or newer, this is 22.17.9\n')
  })

  it('refuses the Node.js of this machine when that is too old', async () => {
    const folder = project(small)
    const path = "PATH=$(echo \"$PATH\" | tr ':' '\\n' | grep -v node_modules | paste -sd:)"
    const { stdout: version } = await shell(`${path} node --version`, { cwd: folder })
    const [, major, minor] = /^v(\d+)\.(\d+)/.exec(version) ?? [0, 99, 0]
    if (Number(major) > 22 || (Number(major) === 22 && Number(minor) >= 18)) return
    const result = await shell(`${path} node '${launcher}' --version`, { cwd: folder })
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr).toContain(
      `error USAGE_NODE_VERSION: millrace needs Node.js 22.18 or newer, this is ${version.slice(1)}`,
    )
  })
})

describe('a target', () => {
  const write = (target: string): BadCase['args'] => query(`from csv('a.csv') |> write csv(${target})`)
  const cases: readonly BadCase[] = [
    {
      what: 'exists',
      files: { ...small, 'out.csv': 'mine\n' },
      args: write("'out.csv'"),
      code: 'SINK_EXISTS',
      says: ['already exists', "help: write mode => 'overwrite', or remove it"],
    },
    {
      what: 'lies in a file',
      args: write("'a.csv/out.csv'"),
      code: 'SINK_UNWRITABLE',
      says: ['a part of the path is a file'],
    },
    {
      what: 'lies where nobody can write',
      args: write("'/proc/out.csv'"),
      code: 'SINK_UNWRITABLE',
      says: ["cannot write '/proc/out.csv': its folder takes no files"],
    },
    {
      what: 'is a folder of other files',
      files: { ...small, 'parts/mine.txt': 'mine\n' },
      args: write("'parts', mode => 'overwrite'"),
      code: 'SINK_EXISTS',
      says: ["holds 'mine.txt', which no sink wrote"],
    },
    {
      what: 'would have two columns of one name',
      args: query("from csv('a.csv') |> select a, b as a |> write csv('out.csv')"),
      code: 'PLAN_DUPLICATE_COLUMN',
      says: ["'a'"],
    },
  ]
  it.each(cases)('that $what is refused before any work', expectFailure)

  it.each<BadCase>([
    {
      what: 'has the same place',
      args: query("from csv('a.csv') |> write csv('out.csv')\nfrom csv('a.csv') |> write jsonl('./out.csv')"),
      code: 'PLAN_SAME_TARGET',
      says: ["'./out.csv' is written twice", '<query>:2:', 'the other write'],
    },
    {
      what: 'lies inside of the other',
      args: query("from csv('a.csv') |> write csv('out/a.csv')\nfrom csv('a.csv') |> write csv('out')"),
      code: 'PLAN_SAME_TARGET',
      says: ['<query>:2:'],
    },
    {
      what: 'is a device',
      args: query("from csv('a.csv') |> write csv('/dev/null')"),
      code: 'SINK_UNWRITABLE',
      says: ["'/dev/null' is a pipe or a device"],
    },
  ])('of two writes that $what is refused', expectFailure)

  it('is not there when the run has no folder for itself', async () => {
    const folder = project({ ...small, '.millrace': 'a file' })
    const result = await cli(write("'out.csv'"), { cwd: folder })
    expect(result).toMatchObject({ code: 5, stdout: '' })
    expect(result.stderr).toContain('error RESOURCE_DISK_FAILED: ')
    expect(result.stderr).toContain('help: the folder .millrace')
    expect(result.stderr).not.toMatch(/^\s+at /m)
    expect(existsSync(join(folder, 'out.csv'))).toBe(false)
  })

  it.each([0, 8, 200])('is not there when a file may have only %i KiB', async (limit) => {
    const folder = project({ 'a.csv': `a,b\n${'12345678,some text that fills a file\n'.repeat(20_000)}` })
    const result = await shell(`ulimit -f ${limit}; millrace query -e "from csv('a.csv') |> write csv('out.csv')" | cat`, {
      cwd: folder,
    })
    expect(result.stderr).toContain('error RESOURCE_DISK_FULL: ')
    expect(result.stderr).toContain('help: free some space')
    expect(existsSync(join(folder, 'out.csv'))).toBe(false)
    expect(leftovers(folder)).toEqual([])
  })

  it.each(['csv', 'json', 'table'])('that is a full standard output ends with exit code 5, as %s', async (format) => {
    const folder = project(small)
    const result = await shell(`millrace run ok.flow --quiet --format ${format} > /dev/full`, { cwd: folder })
    expect(result.code).toBe(5)
    expect(result.stderr).toContain('error RESOURCE_DISK_FULL: cannot write standard output: the disk is full (ENOSPC)')
    expect(leftovers(folder)).toEqual([])
  })
})

describe('unusual input that is right', () => {
  it('has quotes over lines, other line ends and a byte order mark', async () => {
    const folder = project({
      'q.csv': 'a,b\n"x\ny","say ""hi"""\n',
      'crlf.csv': 'a,b\r\n1,2\r\n"3\r\n4",5\r\n',
      'bom.csv': bytes(0xef, 0xbb, 0xbf, 'a,b\n1,2\n'),
      'plain.csv': 'a,b\n1,2',
    })
    const rows = async (name: string): Promise<unknown> =>
      JSON.parse((await cli([...query(`from csv('${name}')`), '--format', 'json'], { cwd: folder })).stdout).rows
    expect(await rows('q.csv')).toEqual([['x\ny', 'say "hi"']])
    expect(await rows('crlf.csv')).toEqual([
      ['1', 2],
      ['3\r\n4', 5],
    ])
    expect(await rows('bom.csv')).toEqual([[1, 2]])
    expect(await rows('plain.csv')).toEqual([[1, 2]])
  })

  it('has 10,000 columns', async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`)
    const text = `${names.join(',')}\n${names.map((_, i) => i).join(',')}\n${names.map((_, i) => -i).join(',')}\n`.replace(
      '-0',
      '0',
    )
    const folder = project({ 'wide.csv': text })
    const whole = await cli([...query("from csv('wide.csv')"), '--format', 'csv'], { cwd: folder })
    expect(whole.stdout).toBe(text)
    const two = await cli([...query("from csv('wide.csv') |> select c9999, c0"), '--format', 'csv'], { cwd: folder })
    expect(two.stdout).toBe('c9999,c0\n9999,0\n-9999,0\n')
  })

  it('has columns with the names of object properties, blanks, quotes and line ends', async () => {
    const header = '__proto__,constructor,a b,"q""uote","new\nline",hasOwnProperty,toString,ünï,prototype'
    const folder = project({
      'names.csv': `${header}\n1,2,3,4,5,6,7,8,9\n10,2,3,4,5,6,7,8,9\n`,
      'names.jsonl':
        '{"__proto__":1,"constructor":"x","toString":{"valueOf":2}}\n{"__proto__":2,"constructor":"y","toString":{"valueOf":3}}\n',
    })
    expect((await cli([...query("from csv('names.csv')"), '--format', 'csv'], { cwd: folder })).stdout).toBe(
      readFileSync(join(folder, 'names.csv'), 'utf8'),
    )
    expect((await cli([...query("from jsonl('names.jsonl')"), '--format', 'jsonl'], { cwd: folder })).stdout).toBe(
      readFileSync(join(folder, 'names.jsonl'), 'utf8'),
    )
    const grouped = query(
      "from csv('names.csv') |> aggregate sum(`__proto__`) as `__proto__` group by `constructor`, `hasOwnProperty` |> extend `__proto__` + 1 as `valueOf`",
    )
    expect((await cli([...grouped, '--format', 'jsonl'], { cwd: folder })).stdout).toBe(
      '{"constructor":2,"hasOwnProperty":6,"__proto__":11,"valueOf":12}\n',
    )
    const closures =
      "import { csv, pipeline } from 'millrace'\nexport default pipeline('p', {}, (p) => p.read(csv('names.csv')).map((row) => ({ ...row, sum: row.constructor + row.toString })))\n"
    const other = project({ 'names.csv': readFileSync(join(folder, 'names.csv')), 'p.ts': closures })
    const mapped = await cli(['run', 'p.ts', '--format', 'jsonl', '--quiet'], { cwd: other })
    expect(mapped.stderr).toBe('')
    expect(JSON.parse(mapped.stdout.split('\n')[0]).sum).toBe(9)
    expect(mapped.stdout).toContain('"__proto__":1,')
  })

  it('has file names with blanks, letters of all kinds and signs of patterns', async () => {
    const names = ['with space.csv', 'ünï ✓.csv', 'star*.csv', 'br{a,b}.csv', '%20.csv', '#1.csv']
    const folder = project(Object.fromEntries(names.map((name, i) => [name, `n\n${i}\n`])))
    for (const [i, name] of names.entries()) {
      const result = await cli([...query(`from csv('${name}') |> write csv('out ${i}*.csv')`)], { cwd: folder })
      expect(result.stderr).toBe('')
      expect(readFileSync(join(folder, `out ${i}*.csv`), 'utf8'), name).toBe(`n\n${i}\n`)
    }
  })

  it('is shown in a table with its control characters escaped', async () => {
    const folder = project({ 'a.csv': '"t\u001b[1m"\n\u001b[31mred\u0007\n\u202eevil\n"two\nlines"\n' })
    const { stdout } = await cli(query("from csv('a.csv')"), { cwd: folder })
    expect(stdout).toContain('t\\u001b[1m')
    for (const cell of ['\\u001b[31mred\\u0007', '\\u202eevil', 'two\\nlines']) expect(stdout).toContain(cell)
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
  })

  it('has a line of 15 MB', async () => {
    const folder = project({ 'a.txt': `${'x'.repeat(15 * 2 ** 20)}\ny\n` })
    const { stdout } = await cli([...query("from text('a.txt') |> select length(line) as n"), '--format', 'csv'], { cwd: folder })
    expect(stdout).toBe(`n\n${15 * 2 ** 20}\n1\n`)
  })

  it('is empty', async () => {
    const folder = project({ 'a.txt': '', 'a.csv': 'a,b\n' })
    expect((await cli([...query("from text('a.txt')"), '--format', 'csv'], { cwd: folder })).stdout).toBe('line\n')
    expect(
      (
        await cli(
          [...query("from csv('a.csv') schema (a int64, b string) |> aggregate count(*) as n, sum(a) as s"), '--format', 'json'],
          { cwd: folder },
        )
      ).stdout,
    ).toBe('{"columns":[["n","int64"],["s","int64"]],"rows":[[0,null]]}\n')
  })
})
