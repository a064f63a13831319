// A Corefile as its parser gives it: server blocks of directives, every token with its place in the text.

export interface Token {
  readonly text: string
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Of the token's first character, in UTF-16 code units, counted from 1. */
  readonly column: number
  readonly quoted: boolean
  /**
   * Tokens of one row belong to one line of arguments. Unlike `line` it is unique: every import gives its tokens new rows,
   * and a quoted token that spans lines does not end its row. Rows grow in the order of the expanded text.
   */
  readonly row: number
}

/** One directive of one block: the tokens of all its repetitions, each starting with the directive's name. */
export interface Directive {
  readonly name: string
  /** Never empty; environment variables are replaced. */
  readonly tokens: readonly Token[]
}

export interface ServerBlock {
  /** As written, environment variables replaced: `.:53`, `tls://example.org`, `10.0.0.0/24`. */
  readonly keys: readonly Token[]
  /** In the order of the text; a name occurs once. */
  readonly directives: readonly Directive[]
}

/** Something that does not stop a Corefile, with its place. */
export interface CorefileWarning {
  /** Without `[WARNING] `: `No files matching import glob pattern: custom/*.server`. */
  readonly message: string
  readonly file: string
  readonly line: number
  readonly column: number
  /** The offending text. */
  readonly text: string
}

export interface Corefile {
  readonly blocks: readonly ServerBlock[]
  readonly warnings: readonly CorefileWarning[]
  /** Files that imports brought in, in the order of the text, each once. */
  readonly imported: readonly string[]
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
  /**
   * Enters the `{ … }` that follows on the same line and then moves to its next token on every call; false after its `}` or
   * when there is none. Arguments that an option leaves unread come up as options, as in CoreDNS.
   */
  nextBlock(): boolean
  /** Text of the current token. */
  value(): string
  token(): Token
  /** The rest of the arguments on this line, moving past them. */
  remainingArgs(): string[]
  /** Refuses a block after a directive that takes none. @throws {CorefileError} at a `{` on the same line */
  expectNoBlock(): void
  /** `Wrong argument count or unexpected line ending after 'x'`, with file, line and column. */
  argError(): Error
  /** `FILE:LINE - Error during parsing: MESSAGE`. */
  error(message: string): Error
}
