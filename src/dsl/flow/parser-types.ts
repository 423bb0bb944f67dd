import type { ColumnSyntax, TypeSyntax } from '../syntax.ts'
import { ParserBase, type Rule } from './parser-base.ts'
import * as t from './tokens.ts'

/** Types, and columns with their types. */
export abstract class TypeRules extends ParserBase {
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
}
