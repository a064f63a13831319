// The one error of this folder: a Corefile that cannot be used, with the place and the text that are wrong.
import { BaseError } from '../base/index.ts'
import type { Token } from './ast.ts'

export type CorefileErrorCode =
  /** A token of the language is missing or too many: braces, commas, end of file. */
  | 'syntax'
  /** A directive or an option is not used as it must be. */
  | 'bad-directive'
  | 'unknown-directive'
  | 'bad-import'
  /** A key is no zone, or two blocks serve one zone on one address. */
  | 'bad-key'
  | 'already-defined'
  /** A bound of this program: tokens, nesting, imports. */
  | 'too-large'

export interface CorefileErrorOptions extends ErrorOptions {
  readonly at: Token
  /** What else a person should know: a line of its own below the message. */
  readonly hint?: string | undefined
}

/**
 * A Corefile cannot be used. Messages are CoreDNS's, as far as it has one for the case, so that they can be looked up:
 * `Corefile:7 - Error during parsing: Unknown directive 'x'`.
 */
export class CorefileError extends BaseError<CorefileErrorCode> {
  readonly file: string
  /** Counted from 1. */
  readonly line: number
  /** Counted from 1. */
  readonly column: number
  /** The offending text. */
  readonly text: string
  readonly hint: string | undefined

  constructor(code: CorefileErrorCode, message: string, options: CorefileErrorOptions) {
    super(code, excerpt(message, MAX_MESSAGE), options.cause === undefined ? undefined : { cause: options.cause })
    this.file = options.at.file
    this.line = options.at.line
    this.column = options.at.column
    this.text = excerpt(options.at.text, MAX_TEXT)
    this.hint = options.hint
  }
}

const MAX_MESSAGE = 1000
const MAX_TEXT = 200

/** One line of bounded length: a quote that is not closed makes a token of the rest of the file. */
function excerpt(text: string, limit: number): string {
  const line = text.slice(0, limit + 1).replaceAll(/[\r\n]+/g, ' ')
  return line.length > limit ? `${line.slice(0, limit)}…` : line
}

/** `FILE:LINE - Error during parsing: MESSAGE`. */
export function parseError(code: CorefileErrorCode, message: string, options: CorefileErrorOptions): CorefileError {
  const { file, line } = options.at
  return new CorefileError(code, `${file}:${line} - Error during parsing: ${message}`, options)
}

/** `FILE:LINE - Syntax error: Unexpected token 'X', expecting 'Y'`. */
export function syntaxError(expected: string, at: Token): CorefileError {
  const message = `${at.file}:${at.line} - Syntax error: Unexpected token '${at.text}', expecting '${expected}'`
  return new CorefileError('syntax', message, { at })
}

/**
 * The error that a plugin's options end a start with: `plugin/NAME: MESSAGE`, at the place that the cause names, else at
 * the directive.
 */
export function pluginError(name: string, cause: unknown, at: Token): CorefileError {
  const message = `plugin/${name}: ${cause instanceof Error ? cause.message : String(cause)}`
  if (!(cause instanceof CorefileError)) return new CorefileError('bad-directive', message, { at, cause })
  const { file, line, column, text, hint, code } = cause
  return new CorefileError(code, message, { at: { ...at, file, line, column, text }, hint, cause })
}
