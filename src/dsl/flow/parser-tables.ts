import { flowError } from '../../base/errors.ts'
import type { RowTypeSyntax, Syntax } from '../syntax.ts'
import type { Rule } from './parser-base.ts'
import { ItemRules } from './parser-items.ts'
import type { Arguments, NameAt, Query, TableRef } from './statements.ts'
import * as t from './tokens.ts'

/** What rows come from: datasets, source functions, constants, inner queries. */
export abstract class TableRules extends ItemRules {
  abstract readonly query: Rule<Query>

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
}
