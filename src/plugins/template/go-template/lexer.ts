// Cuts a template into text and the tokens of its actions.
import { TemplateError } from './error.ts'

export type TemplateToken =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end-action' }
  /** `.`, `.Name.Other`, `$x.Name` and what follows a parenthesis. */
  | { readonly kind: 'field'; readonly path: readonly string[]; readonly glued: boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly path: readonly string[] }
  | { readonly kind: 'literal'; readonly value: number | string }
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'punctuation'; readonly text: '(' | ')' | ',' | ':=' | '=' | '|' }

/** Cuts `text` into tokens; each action ends with `end-action`. @throws {TemplateError} `parse` */
export function lexTemplate(text: string): TemplateToken[] {
  const tokens: TemplateToken[] = []
  let at = 0
  let trimNext = false
  for (;;) {
    const open = text.indexOf('{{', at)
    const plain = text.slice(at, open < 0 ? text.length : open)
    const trimsBefore = open >= 0 && /^-\s/.test(text.slice(open + 2, open + 4))
    let kept = trimNext ? plain.trimStart() : plain
    if (trimsBefore) kept = kept.trimEnd()
    if (kept !== '') tokens.push({ kind: 'text', text: kept })
    if (open < 0) return tokens
    const inner = lexAction(text, open + 2 + (trimsBefore ? 1 : 0), tokens)
    trimNext = inner.trims
    at = inner.end
  }
}

/** Reads one action up to its `}}`. */
function lexAction(
  text: string,
  start: number,
  tokens: TemplateToken[],
): { readonly end: number; readonly trims: boolean } {
  const comment = /^\s*\/\*[\s\S]*?\*\/(\s-)?\s*\}\}/.exec(text.slice(start))
  if (comment !== null) return { end: start + comment[0].length, trims: comment[1] !== undefined }
  let at = start
  for (;;) {
    const space = /^\s*/.exec(text.slice(at))?.[0].length ?? 0
    const rest = text.slice(at + space)
    if (rest === '') throw new TemplateError('parse', 'unclosed action')
    const trims = space > 0 && rest.startsWith('-}}')
    if (trims || rest.startsWith('}}')) {
      tokens.push({ kind: 'end-action' })
      return { end: at + space + (trims ? 3 : 2), trims }
    }
    const { token, length } = lexToken(rest, { glued: space === 0 && at > start })
    tokens.push(token)
    at += space + length
  }
}

const WORD = String.raw`[\p{L}_][\p{L}\p{N}_]*`
const PATTERNS = {
  field: new RegExp(`^(?:\\.${WORD})+`, 'u'),
  variable: new RegExp(`^\\$(?:${WORD})?((?:\\.${WORD})*)`, 'u'),
  word: new RegExp(`^${WORD}`, 'u'),
  number: /^[-+]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.\d*)?(?:[eE][-+]?\d+)?)/,
  quoted: /^"(?:[^"\\\n]|\\.)*"/,
  raw: /^`[^`]*`/,
  character: /^'(?:[^'\\\n]|\\.[^']*)'/,
  punctuation: /^(?::=|[()|,=])/,
}

function lexToken(
  rest: string,
  context: { readonly glued: boolean },
): { readonly token: TemplateToken; readonly length: number } {
  const match = (pattern: RegExp): string | undefined => pattern.exec(rest)?.[0]
  const field = match(PATTERNS.field)
  if (field !== undefined) {
    return { token: { kind: 'field', path: field.slice(1).split('.'), glued: context.glued }, length: field.length }
  }
  const variable = PATTERNS.variable.exec(rest)
  if (variable !== null) {
    const path = variable[1] ?? ''
    const name = variable[0].slice(0, variable[0].length - path.length)
    return {
      token: { kind: 'variable', name, path: path === '' ? [] : path.slice(1).split('.') },
      length: variable[0].length,
    }
  }
  const number = match(PATTERNS.number)
  if (number !== undefined) {
    return { token: { kind: 'literal', value: numberOf(number) }, length: number.length }
  }
  const quoted = match(PATTERNS.quoted)
  if (quoted !== undefined) return { token: { kind: 'literal', value: unquote(quoted) }, length: quoted.length }
  const raw = match(PATTERNS.raw)
  if (raw !== undefined) return { token: { kind: 'literal', value: raw.slice(1, -1) }, length: raw.length }
  const character = match(PATTERNS.character)
  if (character !== undefined) {
    const value = unquote(`"${character.slice(1, -1)}"`).codePointAt(0) ?? 0
    return { token: { kind: 'literal', value }, length: character.length }
  }
  const punctuation = match(PATTERNS.punctuation)
  if (punctuation !== undefined) {
    return { token: { kind: 'punctuation', text: punctuation as '(' }, length: punctuation.length }
  }
  const word = match(PATTERNS.word)
  if (word !== undefined) return { token: { kind: 'word', word }, length: word.length }
  if (rest.startsWith('.')) return { token: { kind: 'field', path: [], glued: false }, length: 1 }
  if (rest.startsWith('"')) throw new TemplateError('parse', 'unterminated quoted string')
  throw new TemplateError('parse', `unexpected "${String.fromCodePoint(rest.codePointAt(0) ?? 32)}" in action`)
}

function numberOf(text: string): number {
  const plain = text.replaceAll('_', '')
  const negative = plain.startsWith('-')
  const value = Number(plain.replace(/^[-+]/, ''))
  if (Number.isNaN(value)) throw new TemplateError('parse', `bad number syntax: "${text}"`)
  return negative ? -value : value
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

function unquote(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replaceAll(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/g, (...groups: string[]) => {
      const [, hex, short, long, octal, plain = ''] = groups
      const code = hex ?? short ?? long
      if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16))
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
      const escaped = ESCAPES[plain]
      if (escaped === undefined) throw new TemplateError('parse', `unknown escape \\${plain} in ${quoted}`)
      return escaped
    })
}
