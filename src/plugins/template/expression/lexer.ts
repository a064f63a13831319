// Cuts an expression into tokens.
import { ExpressionError } from './error.ts'

export type ExpressionToken =
  | { readonly kind: 'literal'; readonly value: number | string }
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'operator'; readonly text: string }

const PATTERN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<number>0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)|(?<text>"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*')|(?<raw>`[^`]*`)|(?<word>#acc|#index|#|\$env|[\p{L}_$][\p{L}\p{N}_$]*)|(?<operator>\?\?|\?\.|\.\.|&&|\|\||==|!=|<=|>=|\*\*|[-+*/%^!<>?:.,()[\]{}|=;])/uy

/** @throws {ExpressionError} `parse` */
export function lexExpression(source: string): ExpressionToken[] {
  const tokens: ExpressionToken[] = []
  PATTERN.lastIndex = 0
  while (PATTERN.lastIndex < source.length) {
    const at = PATTERN.lastIndex
    const groups = PATTERN.exec(source)?.groups
    if (groups === undefined) {
      throw new ExpressionError(
        'parse',
        `unexpected character ${JSON.stringify(source.charAt(at))} at ${at + 1} in: ${source}`,
      )
    }
    const { number, text, raw, word, operator } = groups
    if (number !== undefined) tokens.push({ kind: 'literal', value: Number(number.replaceAll('_', '')) })
    else if (text !== undefined) tokens.push({ kind: 'literal', value: unescape(text) })
    else if (raw !== undefined) tokens.push({ kind: 'literal', value: raw.slice(1, -1) })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word })
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator })
  }
  return tokens
}

const ESCAPES: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function unescape(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|([\s\S]))/g, (...groups: string[]) => {
    const [, hex, unicode, plain = ''] = groups
    const code = hex ?? unicode
    return code === undefined ? (ESCAPES[plain] ?? plain) : String.fromCharCode(Number.parseInt(code, 16))
  })
}
