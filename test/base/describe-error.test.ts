import { describe, expect, it } from 'vitest'
import { codeFrame, displayWidth } from '../../src/base/code-frame.ts'
import { describeError } from '../../src/base/describe-error.ts'
import { dataError, flowError, manyErrors, planError } from '../../src/base/errors.ts'

const file = 'a.flow'
const place = (line: number, column: number, endColumn: number, endLine = line) => ({ file, line, column, endLine, endColumn })

describe('codeFrame', () => {
  it('marks the primary place with carets and related ones with dashes, in line order', () => {
    const sources = { [file]: 'let a = from t\nfrom a\nlet a = from u\n' }
    expect(
      codeFrame({ at: place(3, 5, 6) }, [{ at: place(1, 5, 6), text: 'first defined here' }], sources),
    ).toMatchInlineSnapshot(`
      " --> a.flow:3:5
        |
      1 | let a = from t
        |     - first defined here
      ...
      3 | let a = from u
        |     ^"
    `)
  })
  it('lines carets up behind tabs and wide characters', () => {
    const sources = { [file]: "\twhere 名前 = 'é'" }
    expect(codeFrame({ at: place(1, 8, 10) }, [], sources)).toMatchInlineSnapshot(`
      " --> a.flow:1:8
        |
      1 |     where 名前 = 'é'
        |           ^^^^"
    `)
  })
  it('marks to the end of the line when the piece goes on below', () => {
    expect(codeFrame({ at: place(1, 4, 3, 2) }, [], { [file]: '|> where a\n b' })).toMatchInlineSnapshot(`
      " --> a.flow:1:4
        |
      1 | |> where a
        |    ^^^^^^^"
    `)
  })
  it('cuts very long lines around the place', () => {
    const text = `${'x + '.repeat(5000)}!`
    const frame = codeFrame({ at: place(1, 20001, 20002) }, [], { [file]: text })
    const [, , shown, carets] = frame.split('\n')
    expect(shown.length).toBeLessThan(180)
    expect(shown[carets.indexOf('^')]).toBe('!')
  })
  it('names the place alone when the text is not known', () => {
    expect(codeFrame({ at: place(3, 5, 6) }, [], {})).toBe(' --> a.flow:3:5')
  })
  it('gives every file its own block', () => {
    const frame = codeFrame(
      { at: place(1, 1, 2) },
      [{ at: { file: 'b.flow', line: 1, column: 1, endLine: 1, endColumn: 2 }, text: 'here' }],
      {
        'a.flow': 'x',
        'b.flow': 'y',
      },
    )
    expect(frame).toMatchInlineSnapshot(`
      " --> a.flow:1:1
        |
      1 | x
        | ^
       --> b.flow:1:1
        |
      1 | y
        | - here"
    `)
  })
  it('knows the width of combining marks and emoji', () => {
    expect(displayWidth('e\u0301')).toBe(1)
    expect(displayWidth('🙂')).toBe(2)
  })
})

describe('describeError', () => {
  it('prints message, frame and help', () => {
    const error = flowError('FLOW_UNKNOWN_OPERATOR', "unknown pipe operator 'wher'", {
      at: place(2, 4, 8),
      hint: "did you mean 'where'?",
    })
    expect(describeError(error, { [file]: 'from t\n|> wher x > 1' })).toMatchInlineSnapshot(`
      "error FLOW_UNKNOWN_OPERATOR: unknown pipe operator 'wher'
       --> a.flow:2:4
        |
      2 | |> wher x > 1
        |    ^^^^
        help: did you mean 'where'?"
    `)
  })
  it('prints every error that was found together', () => {
    const error = manyErrors([
      planError('PLAN_UNKNOWN_COLUMN', "unknown column 'a'"),
      planError('PLAN_UNKNOWN_COLUMN', "unknown column 'b'"),
    ])
    expect(describeError(error)).toMatchInlineSnapshot(`
      "error PLAN_UNKNOWN_COLUMN: unknown column 'a'

      error PLAN_UNKNOWN_COLUMN: unknown column 'b'

      2 errors"
    `)
  })
  it('says where in the data a bad row is and shows its text, cut and harmless', () => {
    const error = dataError('DATA_BAD_VALUE', "column 'n' needs int64, found 'x'", {
      file: 'd.csv',
      line: 7,
      byteOffset: 120,
      text: `1,\u001b[2J${'y'.repeat(300)}`,
    })
    const [, inLine, textLine] = describeError(error).split('\n')
    expect(inLine).toBe('  in: d.csv:7 (byte 120)')
    expect(textLine.startsWith('  text: 1,\\x1b[2Jyyy')).toBe(true)
    expect(textLine.endsWith('…')).toBe(true)
  })
})
