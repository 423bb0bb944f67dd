import { EmbeddedActionsParser, type IToken, type ParserMethod } from 'chevrotain'
import { flowError, type MillraceError } from '../../base/errors.ts'
import type { Place } from '../../base/place.ts'
import { ParserMessages } from './errors.ts'
import { quotedName, stringValue } from './literals.ts'
import type { NameAt } from './statements.ts'
import { allTokens, Comma, Name, QuotedName, StringLiteral, Word } from './tokens.ts'

export type Rule<T> = ParserMethod<[], T>
/** A rule that goes on after something already parsed. */
export type TailRule<T> = ParserMethod<[T, IToken], T>

export interface ParserOptions {
  /** The checks of the grammar itself cost seconds of start-up: only a test turns them on. */
  validate?: boolean
}

/**
 * Places, names and literals, shared by all rules. chevrotain runs every rule once with made-up tokens to learn the grammar,
 * so whatever looks into a token or a sub-result stands inside `ACTION`, which that run skips.
 */
export abstract class ParserBase extends EmbeddedActionsParser {
  /** Name of the text in places. */
  file = ''
  protected fixedPlace: Place | undefined
  /** How many statements were begun since the last `start`. */
  begun = 0
  /** What is wrong with tokens and forms that the grammar lets pass, the first of each statement. */
  problems: { statement: number; error: MillraceError }[] = []
  readonly messages: ParserMessages

  constructor(options: ParserOptions) {
    const messages = new ParserMessages()
    super(allTokens, {
      maxLookahead: 2,
      recoveryEnabled: false,
      skipValidations: options.validate !== true,
      errorMessageProvider: messages,
      nodeLocationTracking: 'none',
    })
    this.messages = messages
  }

  /** From the start of `first` to the end of the last token taken. */
  protected since(first: IToken): Place {
    return this.fixedPlace ?? placeBetween(this.file, first, this.LA(0))
  }

  protected placeOf(token: IToken): Place {
    return this.fixedPlace ?? placeBetween(this.file, token, token)
  }

  protected complain(error: MillraceError): void {
    if (this.problems.at(-1)?.statement !== this.begun) this.problems.push({ statement: this.begun, error })
  }

  /** One or more, between commas, a last comma allowed. Takes `SUBRULE`, `MANY` and `OPTION` with index 0 of the rule that calls it. */
  protected commaList<T>(item: Rule<T>): T[] {
    const items = [this.SUBRULE(item)]
    this.MANY(() => {
      this.CONSUME(Comma)
      items.push(this.SUBRULE2(item))
    })
    this.OPTION(() => this.CONSUME2(Comma))
    return items
  }

  readonly name: Rule<NameAt> = this.RULE('name', () => this.readName(this.CONSUME(Name)))

  /** After a dot reserved words are names too. */
  readonly anyWord: Rule<NameAt> = this.RULE('anyWord', () => this.readName(this.CONSUME(Word)))

  readonly nameList: Rule<NameAt[]> = this.RULE('nameList', () => this.commaList(this.name))

  readonly string: Rule<string> = this.RULE('string', () => {
    const token = this.CONSUME(StringLiteral)
    return this.ACTION(() => this.readLiteral(token, stringValue(token.image)))
  })

  protected readName(token: IToken): NameAt {
    return this.ACTION(() => {
      const quoted = token.tokenType === QuotedName
      return { name: quoted ? this.readLiteral(token, quotedName(token.image)) : token.image, quoted, at: this.placeOf(token) }
    })
  }

  private readLiteral(token: IToken, read: ReturnType<typeof stringValue>): string {
    if ('value' in read) return read.value
    this.complain(flowError('FLOW_SYNTAX', read.wrong, { at: this.placeOf(token), hint: read.hint }))
    return ''
  }
}

export function placeBetween(file: string, first: IToken, last: IToken): Place {
  return {
    file,
    line: first.startLine as number,
    column: first.startColumn as number,
    endLine: last.endLine as number,
    endColumn: (last.endColumn as number) + 1,
  }
}
