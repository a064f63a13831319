// A Corefile as its parser gives it: server blocks of directives, every token with its place in the text.

export interface Token {
  readonly text: string
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Of the token's first character, counted from 1. */
  readonly column: number
  readonly quoted: boolean
}

/** One directive of one block: the tokens of all its repetitions, each starting with the directive's name. */
export interface Directive {
  readonly name: string
  readonly tokens: readonly Token[]
}

export interface ServerBlock {
  /** As written: `.:53`, `tls://example.org`, `10.0.0.0/24`. */
  readonly keys: readonly Token[]
  /** In the order of the text; a name occurs once. */
  readonly directives: readonly Directive[]
}

/**
 * Walks a directive's tokens the way option parsers do (CoreDNS's dispenser): arguments are the tokens on the same line up
 * to a lone `{`; block lines follow until the matching `}`.
 */
export interface Dispenser {
  /** Moves to the next token, wherever it is; false at the end. */
  next(): boolean
  /** Moves to the next token if it is on the same line and not a lone `{`; false otherwise. */
  nextArg(): boolean
  /** Moves to the next token if it is on another line. */
  nextLine(): boolean
  /** Enters the `{ … }` that follows and then moves from line to line in it; false after its `}` or when there is none. */
  nextBlock(): boolean
  /** Text of the current token. */
  value(): string
  token(): Token
  /** The rest of the arguments on this line, moving past them. */
  remainingArgs(): string[]
  /** `Wrong argument count or unexpected line ending after 'x'`, with file, line and column. */
  argError(): Error
  /** `FILE:LINE - Error during parsing: MESSAGE`. */
  error(message: string): Error
}
