import type { IToken } from 'chevrotain'
import { flowError } from '../../base/errors.ts'
import type { ItemSyntax, Syntax } from '../syntax.ts'
import type { Rule } from './parser-base.ts'
import { TableRules } from './parser-tables.ts'
import type { NameAt, PipeOp, Query } from './statements.ts'
import * as t from './tokens.ts'

/** Queries: `from ...` and the operators after `|>`. */
export abstract class QueryRules extends TableRules {
  readonly query: Rule<Query> = this.RULE('query', () => {
    const start = this.LA(1)
    const ops: PipeOp[] = []
    const from = this.SUBRULE(this.primary)
    this.MANY(() => {
      ops.push(this.SUBRULE(this.join))
    })
    this.MANY2(() => {
      ops.push(this.SUBRULE(this.pipeOp))
    })
    return this.ACTION(() => ({ at: this.since(start), from, ops }))
  })

  readonly pipeOp: Rule<PipeOp> = this.RULE('pipeOp', () => {
    this.CONSUME(t.Pipe)
    // The place of an operator starts at its word: carets under the sign would say nothing.
    const start = this.LA(1)
    return this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Where)
          const predicate = this.SUBRULE(this.expression)
          return this.unaryOp(start, () => ({ u: 'where', predicate }))
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Select)
          let distinct = false
          this.OPTION(() => {
            this.CONSUME(t.Distinct)
            distinct = true
          })
          const items = this.SUBRULE(this.items)
          return this.unaryOp(start, () => ({ u: 'select', distinct, items }))
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Extend)
          const items = this.SUBRULE2(this.items)
          return this.unaryOp(start, () => ({ u: 'extend', items }))
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.SetWord)
          const items = this.SUBRULE(this.assignments)
          return this.unaryOp(start, () => ({ u: 'set', items }))
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Drop)
          const names = this.SUBRULE(this.nameList)
          return this.unaryOp(start, () => ({ u: 'drop', names: names.map(({ name, at }) => ({ name, at })) }))
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Rename)
          const pairs = this.SUBRULE(this.renames)
          return this.unaryOp(start, () => ({ u: 'rename', pairs }))
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.As)
          const alias = this.SUBRULE(this.name)
          return this.unaryOp(start, () => ({ u: 'as', alias: alias.name }))
        },
      },
      { ALT: () => this.SUBRULE(this.aggregate) },
      {
        ALT: () => {
          this.CONSUME2(t.Distinct)
          return this.unaryOp(start, () => ({ u: 'distinct' }))
        },
      },
      { ALT: () => this.SUBRULE(this.join) },
      {
        ALT: () => {
          this.CONSUME(t.Order)
          this.CONSUME(t.By)
          const keys = this.SUBRULE(this.sortKeys)
          return this.unaryOp(start, () => ({ u: 'orderBy', keys }))
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Limit)
          const count = this.SUBRULE2(this.expression)
          let offset: Syntax | undefined
          this.OPTION2(() => {
            this.CONSUME(t.Offset)
            offset = this.SUBRULE3(this.expression)
          })
          return this.unaryOp(start, () => ({ u: 'limit', count, ...(offset ? { offset } : {}) }))
        },
      },
      { ALT: () => this.SUBRULE(this.union) },
      {
        ALT: () => {
          this.CONSUME(t.Write)
          const name = this.SUBRULE2(this.name)
          const args = this.SUBRULE(this.sourceArguments)
          return this.unaryOp(start, () => ({ u: 'sink', connector: name.name, connectorAt: name.at, ...args }))
        },
      },
    ])
  })

  readonly aggregate: Rule<PipeOp> = this.RULE('aggregate', () => {
    const start = this.CONSUME(t.Aggregate)
    let items: ItemSyntax[] = []
    let by: ItemSyntax[] = []
    this.OPTION(() => {
      items = this.SUBRULE(this.items)
    })
    this.OPTION2(() => {
      this.CONSUME(t.Group)
      this.CONSUME(t.By)
      by = this.SUBRULE2(this.items)
    })
    return this.unaryOp(start, () => {
      if (items.length + by.length === 0)
        this.complain(flowError('FLOW_SYNTAX', "expected items or 'group by' after 'aggregate'", { at: this.placeOf(start) }))
      return { u: 'aggregate', items, by }
    })
  })

  readonly join: Rule<PipeOp> = this.RULE('join', () => {
    const start = this.LA(1)
    let kind: 'inner' | 'left' = 'inner'
    this.OPTION(() =>
      this.OR([
        { ALT: () => this.CONSUME(t.Inner) },
        {
          ALT: () => {
            this.CONSUME(t.Left)
            this.OPTION2(() => this.CONSUME(t.Outer))
            kind = 'left'
          },
        },
      ]),
    )
    this.CONSUME(t.Join)
    return this.OR2([
      {
        ALT: (): PipeOp => {
          this.CONSUME(t.Unnest)
          this.CONSUME(t.LeftParen)
          const value = this.SUBRULE(this.expression)
          this.CONSUME(t.RightParen)
          const as = this.SUBRULE(this.alias)
          const offset = this.SUBRULE(this.withOffset)
          return this.unaryOp(start, () => ({
            u: 'unnest',
            value,
            as: as.name,
            outer: kind === 'left',
            ...(offset.name === undefined ? {} : { offset: offset.name }),
          }))
        },
      },
      {
        ALT: (): PipeOp => {
          const right = this.SUBRULE(this.tableRef)
          const condition = this.SUBRULE(this.joinCondition)
          return this.ACTION(() => ({ op: 'join', kind, right, ...condition, at: this.since(start) }))
        },
      },
    ])
  })

  /** `with offset [as name]`: the name is `offset` when none is given. */
  readonly withOffset: Rule<{ name?: string }> = this.RULE('withOffset', () => {
    let name: string | undefined
    this.OPTION(() => {
      this.CONSUME(t.With)
      this.CONSUME(t.Offset)
      name = 'offset'
      this.OPTION2(() => {
        const alias = this.SUBRULE(this.alias)
        this.ACTION(() => {
          name = alias.name
        })
      })
    })
    return name === undefined ? {} : { name }
  })

  readonly joinCondition: Rule<{ on?: Syntax; using?: NameAt[] }> = this.RULE('joinCondition', () =>
    this.OR([
      {
        ALT: (): { on?: Syntax; using?: NameAt[] } => {
          this.CONSUME(t.On)
          return { on: this.SUBRULE(this.expression) }
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Using)
          this.CONSUME(t.LeftParen)
          const using = this.SUBRULE(this.nameList)
          this.CONSUME(t.RightParen)
          return { using }
        },
      },
    ]),
  )

  readonly union: Rule<PipeOp> = this.RULE('union', () => {
    const start = this.CONSUME(t.Union)
    const word = this.OR([{ ALT: () => this.CONSUME(t.All) }, { ALT: () => this.CONSUME(t.Distinct) }])
    const queries = this.SUBRULE(this.operands)
    return this.ACTION((): PipeOp => ({ op: 'union', all: word.tokenType === t.All, queries, at: this.since(start) }))
  })

  readonly operands: Rule<Query[]> = this.RULE('operands', () => this.commaList(this.operand))

  readonly operand: Rule<Query> = this.RULE('operand', () => {
    this.CONSUME(t.LeftParen)
    const query = this.SUBRULE(this.query)
    this.CONSUME(t.RightParen)
    return query
  })

  private unaryOp(start: IToken, form: () => Extract<PipeOp, { op: 'unary' }>['form']): PipeOp {
    return this.ACTION(() => ({ op: 'unary', form: form(), at: this.since(start) }))
  }
}
