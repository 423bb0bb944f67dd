import type { IToken } from 'chevrotain'
import { flowError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { scalarTypeByName, type Type } from '../../data/type.ts'
import type { ColumnSyntax, Syntax, SyntaxForm, TypeSyntax } from '../syntax.ts'
import { ParserBase, type Rule, type TailRule } from './parser-base.ts'
import type { Arguments, NameAt } from './statements.ts'
import * as t from './tokens.ts'

/** Deeper chains of unlike operators would overflow the stack of whoever walks the tree. */
const maxChain = 500
const comparisonNames: Readonly<Record<string, string>> = {
  ...{ '=': 'equal', '!=': 'not_equal', '<>': 'not_equal' },
  ...{ '<': 'less', '<=': 'less_equal', '>': 'greater', '>=': 'greater_equal' },
}

/**
 * Expressions and types. Precedence is GoogleSQL's: `. []`, unary signs, `* / ||`, `+ -`, comparisons (which do not chain), not, and, or.
 * Chains of `and`, `or`, `+` and `||` are one call with many arguments, so that long generated ones stay flat.
 */
export abstract class ExpressionRules extends ParserBase {
  readonly expression: Rule<Syntax> = this.RULE('expression', () => {
    const start = this.LA(1)
    const operands = [this.SUBRULE(this.conjunction)]
    let sign = start
    this.MANY(() => {
      sign = this.CONSUME(t.Or)
      operands.push(this.SUBRULE2(this.conjunction))
    })
    return this.ACTION(() => (operands.length === 1 ? operands[0] : this.call('or', sign, operands, start)))
  })

  readonly conjunction: Rule<Syntax> = this.RULE('conjunction', () => {
    const start = this.LA(1)
    const operands = [this.SUBRULE(this.negation)]
    let sign = start
    this.MANY(() => {
      sign = this.CONSUME(t.And)
      operands.push(this.SUBRULE2(this.negation))
    })
    return this.ACTION(() => (operands.length === 1 ? operands[0] : this.call('and', sign, operands, start)))
  })

  readonly negation: Rule<Syntax> = this.RULE('negation', () => {
    const nots: IToken[] = []
    this.MANY(() => {
      nots.push(this.CONSUME(t.Not))
    })
    const operand = this.SUBRULE(this.comparison)
    return this.ACTION(() => nots.reduceRight((inner, not) => this.call('not', not, [inner], not), operand))
  })

  readonly comparison: Rule<Syntax> = this.RULE('comparison', () => {
    const start = this.LA(1)
    const left = this.SUBRULE(this.sum)
    // Not an empty last alternative: chevrotain leaves those out when it computes what may follow.
    const whole = this.OPTION(() =>
      this.OR([
        {
          ALT: () => {
            const sign = this.CONSUME(t.Comparison)
            const right = this.SUBRULE2(this.sum)
            return this.ACTION(() => this.call(comparisonNames[sign.image], sign, [left, right], start))
          },
        },
        { ALT: () => this.SUBRULE(this.isTail, { ARGS: [left, start] }) },
        { ALT: () => this.SUBRULE(this.setTail, { ARGS: [left, start] }) },
      ]),
    )
    return whole ?? left
  })

  readonly isTail: TailRule<Syntax> = this.RULE('isTail', (left: Syntax, start: IToken) => {
    const sign = this.CONSUME(t.Is)
    let not: IToken | undefined
    this.OPTION(() => {
      not = this.CONSUME(t.Not)
    })
    const negate = (positive: Syntax): Syntax => this.call('not', sign, [positive], start)
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Null)
          return this.ACTION(() => this.call(not ? 'is_not_null' : 'is_null', sign, [left], start))
        },
      },
      {
        // `x is true` never gives null: it is `not (x is distinct from true)`.
        ALT: () => {
          const token = this.CONSUME(t.BooleanLiteral)
          return this.ACTION(() => {
            const differs = this.call(
              'is_distinct_from',
              sign,
              [left, this.form(token, { s: 'bool', value: isTrue(token) })],
              start,
            )
            return not ? differs : negate(differs)
          })
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Distinct)
          this.CONSUME(t.From)
          const right = this.SUBRULE(this.sum)
          return this.ACTION(() => {
            const differs = this.call('is_distinct_from', sign, [left, right], start)
            return not ? negate(differs) : differs
          })
        },
      },
    ])
  })

  readonly setTail: TailRule<Syntax> = this.RULE('setTail', (value: Syntax, start: IToken) => {
    let negated = false
    this.OPTION(() => {
      this.CONSUME(t.Not)
      negated = true
    })
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Between)
          const low = this.SUBRULE(this.sum)
          this.CONSUME(t.And)
          const high = this.SUBRULE2(this.sum)
          return this.ACTION(() => this.form(start, { s: 'between', value, low, high, negated }))
        },
      },
      {
        ALT: () => {
          const sign = this.CONSUME(t.Like)
          const pattern = this.SUBRULE3(this.sum)
          return this.ACTION(() => {
            const like = this.call('like', sign, [value, pattern], start)
            return negated ? this.call('not', sign, [like], start) : like
          })
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.In)
          this.CONSUME(t.LeftParen)
          const list = this.SUBRULE(this.expressionList)
          this.CONSUME(t.RightParen)
          return this.ACTION(() => this.form(start, { s: 'in', value, list, negated }))
        },
      },
    ])
  })

  readonly sum: Rule<Syntax> = this.RULE('sum', () => {
    const start = this.LA(1)
    const chain = this.chain(start, this.SUBRULE(this.product))
    this.MANY(() => {
      const sign = this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }])
      chain.add(sign, this.SUBRULE2(this.product))
    })
    return chain.end()
  })

  readonly product: Rule<Syntax> = this.RULE('product', () => {
    const start = this.LA(1)
    const chain = this.chain(start, this.SUBRULE(this.unary))
    this.MANY(() => {
      const sign = this.OR([
        { ALT: () => this.CONSUME(t.Star) },
        { ALT: () => this.CONSUME(t.Slash) },
        { ALT: () => this.CONSUME(t.Concat) },
      ])
      chain.add(sign, this.SUBRULE2(this.unary))
    })
    return chain.end()
  })

  readonly unary: Rule<Syntax> = this.RULE('unary', () => {
    const signs: IToken[] = []
    this.MANY(() => {
      signs.push(this.OR([{ ALT: () => this.CONSUME(t.Minus) }, { ALT: () => this.CONSUME(t.Plus) }]))
    })
    const operand = this.SUBRULE(this.postfix)
    return this.ACTION(() =>
      signs.reduceRight(
        (inner, sign) => (sign.tokenType === t.Minus ? this.call('negate', sign, [inner], sign) : inner),
        operand,
      ),
    )
  })

  readonly postfix: Rule<Syntax> = this.RULE('postfix', () => {
    const start = this.LA(1)
    let of = this.SUBRULE(this.atom)
    let length = 0
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Dot)
            const name = this.SUBRULE(this.anyWord)
            this.ACTION(() => {
              of = this.form(start, { s: 'field', of, name: name.name, nameAt: name.at })
            })
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.LeftBracket)
            const index = this.SUBRULE(this.expression)
            this.CONSUME(t.RightBracket)
            this.ACTION(() => {
              of = this.form(start, { s: 'index', of, index })
            })
          },
        },
      ])
      this.ACTION(() => this.checkChain(++length, start))
    })
    return of
  })

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

  readonly type: Rule<TypeSyntax> = this.RULE('type', () => {
    const start = this.LA(1)
    return this.OR([
      {
        ALT: (): TypeSyntax => {
          this.CONSUME(t.ArrayWord)
          this.CONSUME(t.Less)
          const item = this.SUBRULE(this.type)
          this.CONSUME(t.Greater)
          return this.ACTION(() => ({ t: 'array', item, at: this.since(start) }))
        },
      },
      {
        ALT: (): TypeSyntax => {
          this.CONSUME(t.Struct)
          this.CONSUME2(t.Less)
          const fields = this.SUBRULE(this.columns)
          this.CONSUME2(t.Greater)
          return this.ACTION(() => ({ t: 'struct', fields, at: this.since(start) }))
        },
      },
      {
        ALT: (): TypeSyntax => {
          const name = this.SUBRULE(this.name)
          return this.ACTION(() => ({ t: 'name', name: name.name, at: name.at }))
        },
      },
    ])
  })

  readonly columns: Rule<ColumnSyntax[]> = this.RULE('columns', () => this.commaList(this.column))

  readonly column: Rule<ColumnSyntax> = this.RULE('column', () => {
    const name = this.SUBRULE(this.name)
    const type = this.SUBRULE(this.type)
    let notNull = false
    this.OPTION(() => {
      this.CONSUME(t.Not)
      this.CONSUME(t.Null)
      notNull = true
    })
    return this.ACTION(() => ({ name: name.name, type, notNull, at: name.at }))
  })

  protected form(start: IToken, form: SyntaxForm): Syntax {
    return { at: this.since(start), ...form }
  }

  protected call(fn: string, sign: IToken, args: readonly Syntax[], start: IToken): Syntax {
    return this.form(start, { s: 'call', fn, fnAt: this.placeOf(sign), args, named: [] })
  }

  /** Left-associative chain of binary operators; runs of one associative operator become a single call. */
  private chain(start: IToken, first: Syntax): { add(sign: IToken, right: Syntax): void; end(): Syntax } {
    let left = first
    let run: { fn: string; sign: IToken; args: Syntax[]; at: Place } | undefined
    let depth = 0
    const fold = (): Syntax => {
      if (run === undefined) return left
      return { at: run.at, s: 'call', fn: run.fn, fnAt: this.placeOf(run.sign), args: run.args, named: [] }
    }
    return {
      add: (sign, right) =>
        this.ACTION(() => {
          const fn = operatorNames[sign.image]
          if (run === undefined || run.fn !== fn || !associative.has(fn)) {
            left = fold()
            run = { fn, sign, args: [left], at: left.at }
            this.checkChain(++depth, sign)
          }
          run.args.push(right)
          run.at = this.since(start)
        }),
      end: () => this.ACTION(fold),
    }
  }

  private checkChain(length: number, at: IToken): void {
    if (length !== maxChain + 1) return
    const hint = 'compute parts of it in an extend before'
    this.complain(
      flowError('FLOW_NESTING', `an expression nests more than ${maxChain} operators`, { at: this.placeOf(at), hint }),
    )
  }
}

const operatorNames: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '||': 'concat',
}
const associative: ReadonlySet<string> = new Set(['add', 'concat'])

const isTrue = (token: IToken): boolean => token.tokenType === t.True
const literalTypes: ReadonlySet<string> = new Set(['date', 'timestamp'])
const isTypeOfLiteral = (token: IToken): boolean => literalTypes.has(token.image.toLowerCase())
