import type { IToken } from 'chevrotain'
import { flowError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { ItemSyntax, RowTypeSyntax, SortSyntax, Syntax } from '../syntax.ts'
import type { Rule } from './parser-base.ts'
import { ExpressionRules } from './parser-expressions.ts'
import type { Arguments, NameAt, PipeOp, Query, TableRef } from './statements.ts'
import * as t from './tokens.ts'

type Assignment = { name: string; value: Syntax; at: Place }
type Starred = Extract<ItemSyntax, { item: 'star' }>
type Exclusions = Pick<Starred, 'except' | 'replace'>

/** Queries: `from ...` and the operators after `|>`. */
export abstract class QueryRules extends ExpressionRules {
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

  readonly primary: Rule<TableRef> = this.RULE('primary', () =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.From)
          return this.SUBRULE(this.tableRef)
        },
      },
      { ALT: () => this.SUBRULE(this.values) },
      { ALT: () => this.SUBRULE(this.parenthesised) },
    ]),
  )

  readonly tableRef: Rule<TableRef> = this.RULE('tableRef', () =>
    this.OR([
      // A source function could be called `values` as well; the constants win.
      { ALT: () => this.SUBRULE(this.values), IGNORE_AMBIGUITIES: true },
      { ALT: () => this.SUBRULE(this.parenthesised) },
      { ALT: () => this.SUBRULE(this.named) },
    ]),
  )

  readonly values: Rule<TableRef> = this.RULE('values', () => {
    const start = this.CONSUME(t.Values)
    const rows: Syntax[][] = [this.SUBRULE(this.valuesRow)]
    let alias: NameAt | undefined
    let names: NameAt[] | undefined
    this.MANY(() => {
      this.CONSUME(t.Comma)
      rows.push(this.SUBRULE2(this.valuesRow))
    })
    this.OPTION(() => {
      alias = this.SUBRULE(this.alias)
      this.OPTION2(() => {
        this.CONSUME(t.LeftParen)
        names = this.SUBRULE(this.nameList)
        this.CONSUME(t.RightParen)
      })
    })
    return this.ACTION(
      (): TableRef => ({
        from: 'values',
        at: this.since(start),
        rows,
        ...(alias ? { alias } : {}),
        ...(names ? { names } : {}),
      }),
    )
  })

  readonly valuesRow: Rule<Syntax[]> = this.RULE('valuesRow', () => {
    this.CONSUME(t.LeftParen)
    const row = this.SUBRULE(this.expressionList)
    this.CONSUME(t.RightParen)
    return row
  })

  readonly parenthesised: Rule<TableRef> = this.RULE('parenthesised', () => {
    const start = this.CONSUME(t.LeftParen)
    const query = this.SUBRULE(this.query)
    let alias: NameAt | undefined
    this.CONSUME(t.RightParen)
    this.OPTION(() => {
      alias = this.SUBRULE(this.alias)
    })
    return this.ACTION((): TableRef => ({ from: 'query', at: this.since(start), query, ...(alias ? { alias } : {}) }))
  })

  /** A dataset, or a source function with its arguments. */
  readonly named: Rule<TableRef> = this.RULE('named', () => {
    const start = this.LA(1)
    const name = this.SUBRULE(this.name)
    let args: Arguments | undefined
    let schema: RowTypeSyntax | undefined
    let alias: NameAt | undefined
    this.OPTION(() => {
      args = this.SUBRULE(this.sourceArguments)
    })
    this.OPTION2(() => {
      this.CONSUME(t.Schema)
      schema = this.SUBRULE(this.rowType)
    })
    this.OPTION3(() => {
      alias = this.SUBRULE(this.alias)
    })
    return this.ACTION((): TableRef => {
      const rest = { at: this.since(start), name, ...(schema ? { schema } : {}), ...(alias ? { alias } : {}) }
      if (args !== undefined) return { from: 'source', args, ...rest }
      if (schema !== undefined)
        this.complain(
          flowError('FLOW_SYNTAX', `only a source function takes a schema, '${name.name}' is a dataset`, { at: name.at }),
        )
      return { from: 'name', ...rest }
    })
  })

  readonly rowType: Rule<RowTypeSyntax> = this.RULE('rowType', () =>
    this.OR([
      {
        ALT: (): RowTypeSyntax => {
          this.CONSUME(t.LeftParen)
          const columns = this.SUBRULE(this.columns)
          this.CONSUME(t.RightParen)
          return { columns }
        },
      },
      {
        ALT: (): RowTypeSyntax => {
          const name = this.SUBRULE(this.name)
          return this.ACTION(() => ({ named: name.name, at: name.at }))
        },
      },
    ]),
  )

  /** Arguments of a source or a sink: a comparison there is a named option that was written with `=`. */
  readonly sourceArguments: Rule<Arguments> = this.RULE('sourceArguments', () => {
    let args: Arguments = { positional: [], named: [] }
    this.CONSUME(t.LeftParen)
    this.OPTION(() => {
      args = this.SUBRULE(this.argumentList)
    })
    this.CONSUME(t.RightParen)
    return this.ACTION(() => {
      for (const value of args.positional) {
        if (value.s !== 'call' || value.fn !== 'equal' || value.args[0].s !== 'name') continue
        const hint = `write ${value.args[0].name} => ...`
        this.complain(flowError('FLOW_SYNTAX', "a named option is written with '=>', found '='", { at: value.fnAt, hint }))
      }
      return args
    })
  })

  /** `as name`, or the name alone where it cannot be the start of something else. */
  readonly alias: Rule<NameAt> = this.RULE('alias', () =>
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.As)
          return this.SUBRULE(this.name)
        },
      },
      { ALT: () => this.readName(this.CONSUME(t.AliasName)) },
    ]),
  )

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

  readonly items: Rule<ItemSyntax[]> = this.RULE('items', () => this.commaList(this.item))

  readonly item: Rule<ItemSyntax> = this.RULE('item', () => {
    const start = this.LA(1)
    return this.OR({
      // `t.*` differs from the expression `t.x` at the third token only.
      MAX_LOOKAHEAD: 3,
      DEF: [
        {
          ALT: (): ItemSyntax => {
            this.CONSUME(t.Star)
            const rest = this.SUBRULE(this.exclusions)
            return this.ACTION(() => ({ item: 'star', ...rest, at: this.since(start) }))
          },
        },
        {
          ALT: (): ItemSyntax => {
            const of = this.SUBRULE(this.name)
            this.CONSUME(t.Dot)
            this.CONSUME2(t.Star)
            const rest = this.SUBRULE2(this.exclusions)
            return this.ACTION(() => ({ item: 'star', of: of.name, ...rest, at: this.since(start) }))
          },
        },
        {
          ALT: (): ItemSyntax => {
            const value = this.SUBRULE(this.expression)
            let alias: NameAt | undefined
            this.OPTION(() => {
              alias = this.SUBRULE(this.alias)
            })
            return this.ACTION(() => {
              const named = alias === undefined ? {} : { name: alias.name, nameAt: alias.at }
              return { item: 'expr', value, ...named, at: this.since(start) }
            })
          },
        },
      ],
    })
  })

  readonly exclusions: Rule<Exclusions> = this.RULE('exclusions', () => {
    let except: NameAt[] = []
    let replace: Assignment[] = []
    this.OPTION(() => {
      this.CONSUME(t.Except)
      this.CONSUME(t.LeftParen)
      except = this.SUBRULE(this.nameList)
      this.CONSUME(t.RightParen)
    })
    this.OPTION2(() => {
      this.CONSUME(t.Replace)
      this.CONSUME2(t.LeftParen)
      replace = this.SUBRULE(this.replacements)
      this.CONSUME2(t.RightParen)
    })
    return this.ACTION(() => ({ except: except.map(({ name, at }) => ({ name, at })), replace }))
  })

  readonly replacements: Rule<Assignment[]> = this.RULE('replacements', () => this.commaList(this.replacement))

  readonly replacement: Rule<Assignment> = this.RULE('replacement', () => {
    const value = this.SUBRULE(this.expression)
    this.CONSUME(t.As)
    const name = this.SUBRULE(this.name)
    return this.ACTION(() => ({ name: name.name, value, at: name.at }))
  })

  readonly assignments: Rule<Assignment[]> = this.RULE('assignments', () => this.commaList(this.assignment))

  readonly assignment: Rule<Assignment> = this.RULE('assignment', () => {
    const name = this.SUBRULE(this.name)
    this.CONSUME(t.Equal)
    const value = this.SUBRULE(this.expression)
    return this.ACTION(() => ({ name: name.name, value, at: name.at }))
  })

  readonly renames: Rule<{ from: string; to: string; at: Place }[]> = this.RULE('renames', () => this.commaList(this.renamePair))

  readonly renamePair: Rule<{ from: string; to: string; at: Place }> = this.RULE('renamePair', () => {
    const from = this.SUBRULE(this.name)
    this.OPTION(() => this.CONSUME(t.As))
    const to = this.SUBRULE2(this.name)
    return this.ACTION(() => ({ from: from.name, to: to.name, at: from.at }))
  })

  readonly sortKeys: Rule<SortSyntax[]> = this.RULE('sortKeys', () => this.commaList(this.sortKey))

  readonly sortKey: Rule<SortSyntax> = this.RULE('sortKey', () => {
    const value = this.SUBRULE(this.expression)
    let desc = false
    let nulls: 'first' | 'last' | undefined
    this.OPTION(() =>
      this.OR([
        { ALT: () => this.CONSUME(t.Asc) },
        {
          ALT: () => {
            this.CONSUME(t.Desc)
            desc = true
          },
        },
      ]),
    )
    this.OPTION2(() => {
      this.CONSUME(t.Nulls)
      const word = this.OR2([{ ALT: () => this.CONSUME(t.First) }, { ALT: () => this.CONSUME(t.Last) }])
      nulls = word.tokenType === t.First ? 'first' : 'last'
    })
    return this.ACTION(() => ({ value, desc, ...(nulls ? { nulls } : {}) }))
  })

  private unaryOp(start: IToken, form: () => Extract<PipeOp, { op: 'unary' }>['form']): PipeOp {
    return this.ACTION(() => ({ op: 'unary', form: form(), at: this.since(start) }))
  }
}
