import type { IToken } from 'chevrotain'
import { flowError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { scalarTypeByName, type Type } from '../../data/type.ts'
import type { Syntax, SyntaxForm, TypeSyntax } from '../syntax.ts'
import type { Rule } from './parser-base.ts'
import { TypeRules } from './parser-types.ts'
import type { Arguments, NameAt } from './statements.ts'
import * as t from './tokens.ts'

/** The operands of expressions: literals, names, calls, `case`, casts, arrays and structs. */
export abstract class AtomRules extends TypeRules {
  abstract readonly expression: Rule<Syntax>

  readonly atom: Rule<Syntax> = this.RULE('atom', () => {
    const start = this.LA(1)
    return this.OR([
      {
        ALT: () => {
          const token = this.CONSUME(t.NumberLiteral)
          return this.ACTION(() => this.form(start, { s: 'number', text: token.image }))
        },
      },
      {
        ALT: () => {
          const value = this.SUBRULE(this.string)
          return this.ACTION(() => this.form(start, { s: 'string', value }))
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(t.BooleanLiteral)
          return this.ACTION(() => this.form(start, { s: 'bool', value: isTrue(token) }))
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Null)
          return this.ACTION(() => this.form(start, { s: 'null' }))
        },
      },
      {
        ALT: () => {
          const token = this.CONSUME(t.Parameter)
          return this.ACTION(() => this.form(start, { s: 'param', name: token.image.slice(1) }))
        },
      },
      { ALT: () => this.SUBRULE(this.caseExpression) },
      { ALT: () => this.SUBRULE(this.castExpression) },
      { ALT: () => this.SUBRULE(this.arrayExpression) },
      { ALT: () => this.SUBRULE(this.structExpression) },
      {
        ALT: () => {
          this.CONSUME(t.LeftParen)
          const inner = this.SUBRULE(this.expression)
          this.CONSUME(t.RightParen)
          return inner
        },
      },
      {
        // Reserved words that are functions as well.
        ALT: () => {
          const word = this.OR2([{ ALT: () => this.CONSUME(t.Left) }, { ALT: () => this.CONSUME(t.Right) }])
          return this.SUBRULE(this.callTail, { ARGS: [word] })
        },
      },
      { ALT: () => this.SUBRULE(this.nameExpression) },
    ])
  })

  /** A column, a call, or a literal with its type in front: `date '2026-01-01'`. */
  readonly nameExpression: Rule<Syntax> = this.RULE('nameExpression', () => {
    const token = this.CONSUME(t.Name)
    const whole = this.OPTION(() =>
      this.OR([
        { ALT: () => this.SUBRULE(this.callTail, { ARGS: [token] }) },
        {
          GATE: () => isTypeOfLiteral(token),
          ALT: () => {
            const text = this.SUBRULE(this.string)
            return this.ACTION(() => this.form(token, { s: 'typed', type: scalarTypeByName(token.image) as Type, text }))
          },
        },
      ]),
    )
    return this.ACTION(() => {
      if (whole !== undefined) return whole
      const name = this.readName(token)
      return this.form(token, name.quoted ? { s: 'name', name: name.name, quoted: true } : { s: 'name', name: name.name })
    })
  })

  /** `([distinct] [* | arguments] [where condition])` after the name of a function. */
  readonly callTail = this.RULE('callTail', (word: IToken): Syntax => {
    let distinct = false
    let star = false
    let args: Arguments = { positional: [], named: [] }
    let where: Syntax | undefined
    this.CONSUME(t.LeftParen)
    this.OPTION(() => {
      this.CONSUME(t.Distinct)
      distinct = true
    })
    this.OPTION2(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Star)
            star = true
          },
        },
        {
          ALT: () => {
            args = this.SUBRULE(this.argumentList)
          },
        },
      ])
    })
    this.OPTION3(() => {
      this.CONSUME(t.Where)
      where = this.SUBRULE(this.expression)
    })
    this.CONSUME(t.RightParen)
    return this.ACTION(() => {
      const fn = this.readName(word)
      const flags = { ...(distinct ? { distinct } : {}), ...(star ? { star } : {}), ...(where ? { where } : {}) }
      return this.form(word, { s: 'call', fn: fn.name, fnAt: fn.at, args: args.positional, named: args.named, ...flags })
    })
  })

  readonly argumentList: Rule<Arguments> = this.RULE('argumentList', () => {
    const all = this.commaList(this.argument)
    return this.ACTION(() => {
      const positional: Syntax[] = []
      const named: { name: string; value: Syntax; at: Place }[] = []
      for (const { name, value } of all) {
        if (name !== undefined) named.push({ name: name.name, value, at: name.at })
        else if (named.length === 0) positional.push(value)
        else this.complain(flowError('FLOW_SYNTAX', 'an argument without a name stands after a named one', { at: value.at }))
      }
      return { positional, named }
    })
  })

  readonly argument: Rule<{ name?: NameAt; value: Syntax }> = this.RULE('argument', () =>
    this.OR([
      {
        ALT: (): { name?: NameAt; value: Syntax } => {
          const name = this.SUBRULE(this.name)
          this.CONSUME(t.Arrow)
          return { name, value: this.SUBRULE(this.expression) }
        },
      },
      { ALT: () => ({ value: this.SUBRULE2(this.expression) }) },
    ]),
  )

  readonly expressionList: Rule<Syntax[]> = this.RULE('expressionList', () => this.commaList(this.expression))

  readonly caseExpression: Rule<Syntax> = this.RULE('caseExpression', () => {
    const start = this.CONSUME(t.Case)
    let operand: Syntax | undefined
    let otherwise: Syntax | undefined
    const arms: { when: Syntax; then: Syntax }[] = []
    this.OPTION(() => {
      operand = this.SUBRULE(this.expression)
    })
    this.AT_LEAST_ONE(() => {
      this.CONSUME(t.When)
      const when = this.SUBRULE2(this.expression)
      this.CONSUME(t.Then)
      arms.push({ when, then: this.SUBRULE3(this.expression) })
    })
    this.OPTION2(() => {
      this.CONSUME(t.Else)
      otherwise = this.SUBRULE4(this.expression)
    })
    this.CONSUME(t.End)
    return this.ACTION(() =>
      this.form(start, { s: 'case', ...(operand ? { operand } : {}), arms, ...(otherwise ? { else: otherwise } : {}) }),
    )
  })

  readonly castExpression: Rule<Syntax> = this.RULE('castExpression', () => {
    const start = this.OR([{ ALT: () => this.CONSUME(t.Cast) }, { ALT: () => this.CONSUME(t.SafeCast) }])
    this.CONSUME(t.LeftParen)
    const value = this.SUBRULE(this.expression)
    this.CONSUME(t.As)
    const type = this.SUBRULE(this.type)
    this.CONSUME(t.RightParen)
    return this.ACTION(() => this.form(start, { s: 'cast', value, type, safe: start.tokenType === t.SafeCast }))
  })

  /** `[a, b]`, `array[a, b]`, `array<string>[]`; the last is a cast. */
  readonly arrayExpression: Rule<Syntax> = this.RULE('arrayExpression', () => {
    const start = this.LA(1)
    let item: TypeSyntax | undefined
    let typeAt: Place | undefined
    let items: Syntax[] = []
    this.OPTION(() => {
      this.CONSUME(t.ArrayWord)
      this.OPTION2(() => {
        this.CONSUME(t.Less)
        item = this.SUBRULE(this.type)
        this.CONSUME(t.Greater)
        this.ACTION(() => {
          typeAt = this.since(start)
        })
      })
    })
    this.CONSUME(t.LeftBracket)
    this.OPTION3(() => {
      items = this.SUBRULE(this.expressionList)
    })
    this.CONSUME(t.RightBracket)
    return this.ACTION(() => {
      const array = this.form(start, { s: 'array', items })
      if (item === undefined) return array
      return this.form(start, { s: 'cast', value: array, type: { t: 'array', item, at: typeAt as Place }, safe: false })
    })
  })

  readonly structExpression: Rule<Syntax> = this.RULE('structExpression', () => {
    const start = this.CONSUME(t.Struct)
    let fields: { name?: string; value: Syntax }[] = []
    this.CONSUME(t.LeftParen)
    this.OPTION(() => {
      fields = this.SUBRULE(this.structFields)
    })
    this.CONSUME(t.RightParen)
    return this.ACTION(() => this.form(start, { s: 'struct', fields }))
  })

  readonly structFields: Rule<{ name?: string; value: Syntax }[]> = this.RULE('structFields', () =>
    this.commaList(this.structField),
  )

  readonly structField: Rule<{ name?: string; value: Syntax }> = this.RULE('structField', () => {
    const value = this.SUBRULE(this.expression)
    let name: NameAt | undefined
    this.OPTION(() => {
      this.CONSUME(t.As)
      name = this.SUBRULE(this.anyWord)
    })
    return this.ACTION(() => (name === undefined ? { value } : { name: name.name, value }))
  })

  protected form(start: IToken, form: SyntaxForm): Syntax {
    return { at: this.since(start), ...form }
  }
}

export const isTrue = (token: IToken): boolean => token.tokenType === t.True
const literalTypes: ReadonlySet<string> = new Set(['date', 'timestamp'])
const isTypeOfLiteral = (token: IToken): boolean => literalTypes.has(token.image.toLowerCase())
