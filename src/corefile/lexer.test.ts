import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Token } from './ast.ts'
import { createLexer } from './lexer.ts'

function tokensOf(text: string): Token[] {
  const lexer = createLexer(text, 'Corefile')
  const tokens: Token[] = []
  for (let token = lexer.next(); token !== undefined; token = lexer.next()) tokens.push(token)
  return tokens
}

const textsOf = (text: string): string[] => tokensOf(text).map((token) => token.text)

describe('createLexer()', () => {
  it('gives every token its file, line, column and row', () => {
    expect(tokensOf('.:53 {\n\tcache  "30"\n}')).toEqual([
      { text: '.:53', file: 'Corefile', line: 1, column: 1, quoted: false, row: 0 },
      { text: '{', file: 'Corefile', line: 1, column: 6, quoted: false, row: 0 },
      { text: 'cache', file: 'Corefile', line: 2, column: 2, quoted: false, row: 1 },
      { text: '30', file: 'Corefile', line: 2, column: 9, quoted: true, row: 1 },
      { text: '}', file: 'Corefile', line: 3, column: 1, quoted: false, row: 2 },
    ])
  })

  it.each([
    { what: 'a leading byte order mark', text: '\uFEFFwhoami', tokens: ['whoami'] },
    { what: 'carriage returns, even inside a token', text: 'who\rami\r\nlog\r\n', tokens: ['whoami', 'log'] },
    { what: 'comments to the end of the line', text: '# a "b\nwhoami # c {\nlog', tokens: ['whoami', 'log'] },
    { what: 'a comment in a token up to the next space', text: 'whoami#tail b\nlog', tokens: ['whoami', 'b', 'log'] },
    {
      what: 'every white space that Go knows',
      text: 'a\u00a0b\u2003c\u0085d\u3000e\vf',
      tokens: ['a', 'b', 'c', 'd', 'e', 'f'],
    },
    { what: 'nothing else as white space', text: 'a\u200bb\ufeffc', tokens: ['a\u200bb\ufeffc'] },
    { what: 'NUL as an ordinary character', text: 'a\0b', tokens: ['a\0b'] },
  ])('reads $what', ({ text, tokens }) => {
    expect(textsOf(text)).toEqual(tokens)
  })

  it.each([
    { what: 'end at the closing quote, with or without a space behind', text: '"a b"c d', tokens: ['a b', 'c', 'd'] },
    { what: 'know only the escape of a quote', text: String.raw`"a\"b\.c\\"d`, tokens: [String.raw`a"b\.c\\`, 'd'] },
    { what: 'are only quotes at the beginning of a token', text: 'a"b c"', tokens: ['a"b', 'c"'] },
    { what: 'hold comments, braces and carriage returns as text', text: '"#{\r}"', tokens: ['#{\r}'] },
    { what: 'may be empty', text: '"" a', tokens: ['', 'a'] },
  ])('quotes $what', ({ text, tokens }) => {
    expect(textsOf(text)).toEqual(tokens)
  })

  it('counts the lines inside quotes, but goes on in the same row', () => {
    const [quoted, behind, next] = tokensOf('"a\nb" c\nd')
    expect(quoted).toMatchObject({ line: 1, row: 0 })
    expect(behind).toMatchObject({ text: 'c', line: 2, column: 4, row: 0 })
    expect(next).toMatchObject({ text: 'd', line: 3, row: 1 })
  })

  it('gives the rest of the text for a quote that is not closed, and tells so', () => {
    const lexer = createLexer('log\n"a b\nc', 'Corefile')
    lexer.next()
    expect(lexer.unclosedQuote()).toBeUndefined()
    expect(lexer.next()?.text).toBe('a b\nc')
    expect(lexer.next()).toBeUndefined()
    expect(lexer.unclosedQuote()).toMatchObject({ line: 2, column: 1 })
  })

  it('reads any text to its end, tokens in order of line and column', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const tokens = tokensOf(text)
        for (const [index, token] of tokens.entries()) {
          const before = tokens[index - 1]
          if (before === undefined) continue
          expect(token.line > before.line || (token.line === before.line && token.column > before.column)).toBe(true)
          expect(token.row).toBeGreaterThanOrEqual(before.row)
        }
      }),
    )
  })
})
