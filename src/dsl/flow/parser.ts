import type { IToken } from 'chevrotain'
import { flowError, type MillraceError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import type { Syntax, TypeSyntax } from '../syntax.ts'
import type { ParserOptions, Rule } from './parser-base.ts'
import { QueryRules } from './parser-queries.ts'
import type { ImportItem, NameAt, PipeOp, Statement } from './statements.ts'
import * as t from './tokens.ts'

/** The grammar of `.flow` files. One instance serves all parses: making one costs about a tenth of a second. */
export class FlowParser extends QueryRules {
  /** Statements that were parsed whole since the last `start`; kept here, because an error loses what rules return. */
  statements: Statement[] = []
  constructor(options: ParserOptions = {}) {
    super(options)
    this.performSelfAnalysis()
  }

  /** `fixedPlace`: the place of all parts, for texts that stand inside a program of another language. */
  start(file: string, tokens: readonly IToken[], fixedPlace?: Place): void {
    // A copy: chevrotain puts end marks behind the tokens it is given.
    this.input = [...tokens]
    this.file = file
    this.fixedPlace = fixedPlace
    this.problems = []
    this.statements = []
    this.begun = 0
    this.messages.reset(tokens)
  }

  readonly program: Rule<void> = this.RULE('program', () => {
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            const statement = this.SUBRULE(this.statement)
            this.ACTION(() => this.statements.push(statement))
          },
        },
        { ALT: () => this.CONSUME(t.Semicolon) },
      ]),
    )
  })

  /** The rest of a program after an error inside a query: its further operators, then statements. */
  readonly resumed: Rule<void> = this.RULE('resumed', () => {
    const ops: PipeOp[] = []
    this.MANY(() => {
      ops.push(this.SUBRULE(this.pipeOp))
    })
    this.SUBRULE(this.program)
  })

  readonly statement: Rule<Statement> = this.RULE('statement', () => {
    this.ACTION(() => {
      this.begun++
    })
    const start = this.LA(1)
    return this.OR([
      { ALT: () => this.SUBRULE(this.importStatement) },
      { ALT: () => this.SUBRULE(this.paramStatement) },
      {
        ALT: (): Statement => {
          this.CONSUME(t.TypeWord)
          const name = this.SUBRULE(this.name)
          this.CONSUME(t.Equal)
          const type = this.SUBRULE(this.type)
          return this.ACTION(() => ({ st: 'type', name, type, at: this.since(start) }))
        },
      },
      {
        ALT: (): Statement => {
          this.CONSUME(t.Let)
          const name = this.SUBRULE2(this.name)
          this.CONSUME2(t.Equal)
          const query = this.SUBRULE(this.query)
          return this.ACTION(() => ({ st: 'let', name, query, at: this.since(start) }))
        },
      },
      {
        ALT: (): Statement => {
          this.CONSUME(t.SetWord)
          const name = this.SUBRULE3(this.name)
          this.CONSUME3(t.Equal)
          const value = this.SUBRULE(this.expression)
          return this.ACTION(() => ({ st: 'set', name, value, at: this.since(start) }))
        },
      },
      {
        ALT: (): Statement => {
          const query = this.SUBRULE2(this.query)
          return this.ACTION(() => ({ st: 'query', query, at: query.at }))
        },
      },
    ])
  })

  readonly importStatement: Rule<Statement> = this.RULE('importStatement', () => {
    const start = this.CONSUME(t.Import)
    this.CONSUME(t.LeftBrace)
    const items = this.SUBRULE(this.importItems)
    this.CONSUME(t.RightBrace)
    this.CONSUME(t.From)
    const pathToken = this.LA(1)
    const path = this.SUBRULE(this.string)
    return this.ACTION((): Statement => ({ st: 'import', items, path, pathAt: this.placeOf(pathToken), at: this.since(start) }))
  })

  readonly importItems: Rule<ImportItem[]> = this.RULE('importItems', () => this.commaList(this.importItem))

  readonly importItem: Rule<ImportItem> = this.RULE('importItem', () => {
    // An export may be called by a word that is reserved here; it then needs another name.
    const name = this.SUBRULE(this.anyWord)
    let signature: ImportItem['signature']
    let alias: NameAt | undefined
    this.OPTION(() => {
      let args: TypeSyntax[] = []
      this.CONSUME(t.LeftParen)
      this.OPTION2(() => {
        args = this.SUBRULE(this.types)
      })
      this.CONSUME(t.RightParen)
      this.CONSUME(t.Returns)
      signature = { args, returns: this.SUBRULE(this.type) }
    })
    this.OPTION3(() => {
      this.CONSUME(t.As)
      alias = this.SUBRULE2(this.name)
    })
    this.ACTION(() => {
      if (alias === undefined && !name.quoted && t.reservedWords.has(name.name.toLowerCase())) this.complain(reservedImport(name))
    })
    return this.ACTION(() => ({ name, ...(signature ? { signature } : {}), ...(alias ? { alias } : {}) }))
  })

  readonly types: Rule<TypeSyntax[]> = this.RULE('types', () => this.commaList(this.type))

  readonly paramStatement: Rule<Statement> = this.RULE('paramStatement', () => {
    const start = this.CONSUME(t.Param)
    const name = this.SUBRULE(this.name)
    const type = this.SUBRULE(this.type)
    let value: Syntax | undefined
    this.OPTION(() => {
      this.CONSUME(t.Equal)
      value = this.SUBRULE(this.expression)
    })
    return this.ACTION((): Statement => {
      const at = this.since(start)
      return { st: 'param', param: { name: name.name, type, ...(value ? { default: value } : {}), at: name.at }, at }
    })
  })
}

function reservedImport({ name, at }: NameAt): MillraceError {
  const message = `'${name}' is a reserved word and needs another name here`
  return flowError('FLOW_RESERVED_WORD', message, { at, hint: `write ${name} as another_name` })
}

let shared: FlowParser | undefined

/** The one parser, made at first use. */
export function flowParser(): FlowParser {
  shared ??= new FlowParser()
  return shared
}
