// One record's text cut into tokens: quotes, comments and parentheses (RFC 1035 §5.1). Escapes are left in.
import type { DomainName } from '../message.ts'
import { ROOT } from '../name.ts'
import { TextError, excerpt } from './error.ts'

export interface Token {
  /** Without quotes, escapes not resolved. */
  readonly text: string
  readonly quoted: boolean
  /** Nothing, not even a space, stands between the token before and this one. */
  readonly joined: boolean
}

/** The tokens of one record, and how far they have been read. */
export interface Tokens {
  readonly list: readonly Token[]
  at: number
  /** What relative names are relative to. */
  readonly origin: DomainName
}

/**
 * Cuts text into tokens.
 *
 * @throws {TextError} `unbalanced` (quote or parenthesis), `extra-text` (a second line outside parentheses)
 */
export function tokenize(text: string, origin: DomainName = ROOT): Tokens {
  const list: Token[] = []
  let depth = 0
  let ended = false
  let previousEnd = -1
  for (let index = 0; index < text.length;) {
    const character = text[index] ?? ''
    if (character === '\n') {
      ended ||= depth === 0 && list.length > 0
      index += 1
    } else if (character === ' ' || character === '\t' || character === '\r') {
      index += 1
    } else if (character === ';') {
      const lineEnd = text.indexOf('\n', index)
      index = lineEnd < 0 ? text.length : lineEnd
    } else if (character === '(' || character === ')') {
      depth += character === '(' ? 1 : -1
      if (depth < 0) throw new TextError('unbalanced', `Cannot read record "${excerpt(text)}": ")" without "("`)
      index += 1
    } else {
      if (ended)
        throw new TextError('extra-text', `Cannot read record "${excerpt(text)}": it goes on after the line's end`)
      const quoted = character === '"'
      const end = quoted ? quoteEnd(text, index + 1) : wordEnd(text, index)
      list.push({ text: text.slice(quoted ? index + 1 : index, end), quoted, joined: index === previousEnd })
      index = quoted ? end + 1 : end
      previousEnd = index
    }
  }
  if (depth > 0) throw new TextError('unbalanced', `Cannot read record "${excerpt(text)}": "(" without ")"`)
  return { list, at: 0, origin }
}

/** The next token, or undefined at the end; does not step over it. */
export function peekToken(tokens: Tokens): Token | undefined {
  return tokens.list[tokens.at]
}

/** Takes the next token. @param field what it is, for the message @throws {TextError} `missing-field` */
export function takeToken(tokens: Tokens, field: string): Token {
  const token = tokens.list[tokens.at]
  if (token === undefined) {
    const read = tokens.list.map(({ text }) => text).join(' ')
    throw new TextError('missing-field', `Cannot read record "${excerpt(read)}": ${field} is missing`)
  }
  tokens.at += 1
  return token
}

/** Checks that nothing is left. @throws {TextError} `extra-text` */
export function expectEnd(tokens: Tokens): void {
  const token = tokens.list[tokens.at]
  if (token !== undefined) {
    throw new TextError('extra-text', `Cannot read record: "${excerpt(token.text)}" follows where it should end`)
  }
}

function quoteEnd(text: string, start: number): number {
  for (let index = start; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1
    else if (text[index] === '"') return index
  }
  throw new TextError('unbalanced', `Cannot read record "${excerpt(text)}": a quote is not closed`)
}

function wordEnd(text: string, start: number): number {
  let index = start
  while (index < text.length && !' \t\r\n;()"'.includes(text[index] ?? '')) index += text[index] === '\\' ? 2 : 1
  return Math.min(index, text.length)
}
