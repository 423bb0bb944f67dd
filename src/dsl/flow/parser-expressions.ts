import type { IToken } from 'chevrotain'
import { flowError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { Syntax } from '../syntax.ts'
import { AtomRules, isTrue } from './parser-atoms.ts'
import type { Rule, TailRule } from './parser-base.ts'
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
export abstract class ExpressionRules extends AtomRules {
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
            const value = this.form(token, { s: 'bool', value: isTrue(token) })
            const asks = `is ${token.image.toLowerCase()}`
            const differs = { ...this.call('is_distinct_from', sign, [left, value], start), asks } as Syntax
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
