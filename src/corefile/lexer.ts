// Text to tokens, one at a time: a Corefile of ten megabytes costs no list of its tokens. Knows no grammar.
import type { Token } from './ast.ts'

export interface Lexer {
  /** The next token, or undefined at the end of the text. Rows count from 0 in this text. */
  next(): Token | undefined
  /** Where the quoted token begins that the text ends in; undefined while there is none. */
  unclosedQuote(): Token | undefined
}

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const QUOTE = 0x22
const HASH = 0x23
const BACKSLASH = 0x5c

/**
 * Reads tokens split by white space.
 *
 * A leading byte order mark is dropped. Carriage returns outside quotes are as if they were not there. A token that begins
 * with `"` ends at the next `"` without a backslash before it; `\"` is the only escape. `#` begins a comment, also inside
 * a token; a comment in a token ends, like the token, at the next white space, so that in `whoami#a b` the word `b` counts
 * (as CoreDNS has it).
 */
export function createLexer(text: string, file: string): Lexer {
  let position = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  let row = 0
  let lineStart = position
  let unclosed: Token | undefined

  /** Passes over white space and comments in front of a token; false at the end of the text. */
  function skipToToken(): boolean {
    let inComment = false
    for (; position < text.length; position += 1) {
      const code = text.charCodeAt(position)
      if (code === NEWLINE) {
        line += 1
        row += 1
        lineStart = position + 1
        inComment = false
      } else if (!inComment && !isSpace(code)) {
        if (code !== HASH) return true
        inComment = true
      }
    }
    return false
  }

  function readQuoted(column: number): Token {
    const startLine = line
    let value = ''
    let from = position
    while (position < text.length) {
      const code = text.charCodeAt(position)
      if (code === QUOTE) {
        value += text.slice(from, position)
        position += 1
        return { text: value, file, line: startLine, column, quoted: true, row }
      }
      if (code === NEWLINE) {
        line += 1
        lineStart = position + 1
      } else if (code === BACKSLASH) {
        // Whatever follows a backslash ends no quote; only `\"` loses its backslash.
        if (text.charCodeAt(position + 1) === QUOTE) {
          value += text.slice(from, position)
          from = position + 1
          position += 1
        } else if (text.charCodeAt(position + 1) === BACKSLASH) {
          position += 1
        }
      }
      position += 1
    }
    unclosed = { text: value + text.slice(from), file, line: startLine, column, quoted: true, row }
    return unclosed
  }

  function readPlain(column: number): Token {
    const start = position
    let end = -1
    let hasReturns = false
    for (; position < text.length; position += 1) {
      const code = text.charCodeAt(position)
      if (code === CARRIAGE_RETURN) hasReturns = true
      else if (isSpace(code)) break
      else if (code === HASH && end < 0) end = position
    }
    const slice = text.slice(start, end < 0 ? position : end)
    return { text: hasReturns ? slice.replaceAll('\r', '') : slice, file, line, column, quoted: false, row }
  }

  return {
    next() {
      if (!skipToToken()) return undefined
      const column = position - lineStart + 1
      if (text.charCodeAt(position) !== QUOTE) return readPlain(column)
      position += 1
      return readQuoted(column)
    },
    unclosedQuote: () => unclosed,
  }
}

/** White space as Go's unicode.IsSpace has it. */
function isSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d)
  if (code < 0x1680) return code === 0x85 || code === 0xa0
  return (
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x1680 ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  )
}
