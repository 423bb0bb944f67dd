import type { Place } from '../../base/place.ts'
import type { ItemSyntax, SortSyntax, Syntax } from '../syntax.ts'
import type { Rule } from './parser-base.ts'
import { ExpressionRules } from './parser-expressions.ts'
import type { NameAt } from './statements.ts'
import * as t from './tokens.ts'

type Assignment = { name: string; value: Syntax; at: Place }
type Starred = Extract<ItemSyntax, { item: 'star' }>
type Exclusions = Pick<Starred, 'except' | 'replace'>

/** The lists of operators: items, assignments, renames, sort keys. */
export abstract class ItemRules extends ExpressionRules {
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
              const bare = this.LA(-1).tokenType === t.As ? {} : { nameIsBare: true }
              const named = alias === undefined ? {} : { name: alias.name, nameAt: alias.at, ...bare }
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
}
