// Tokens to a tree, by precedence of operators.
import { ExpressionError } from './error.ts'
import { lexExpression, type ExpressionToken } from './lexer.ts'
import { KEYWORDS, type ExpressionNode } from './nodes.ts'

/** Binds tighter the higher the number. */
const PRECEDENCE: Readonly<Record<string, number>> = {
  '|': 0,
  or: 10,
  '||': 10,
  and: 15,
  '&&': 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '>': 20,
  '<=': 20,
  '>=': 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  '..': 25,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
  '**': 100,
  '^': 100,
  '??': 500,
}
const UNARY: Readonly<Record<string, number>> = { '!': 50, not: 50, '-': 90, '+': 90 }
const MAX_DEPTH = 200

interface Parser {
  readonly source: string
  readonly tokens: readonly ExpressionToken[]
  at: number
  depth: number
  readonly isFunction: (name: string) => boolean
  /** Variables in scope. */
  readonly names: string[]
}

/**
 * Parses an expression.
 *
 * @param known functions that may be called and variables that may be read
 * @throws {ExpressionError} `parse`
 */
export function parseExpression(
  source: string,
  known: { readonly isFunction: (name: string) => boolean; readonly variables: readonly string[] },
): ExpressionNode {
  const { isFunction, variables } = known
  const parser: Parser = { source, tokens: lexExpression(source), at: 0, depth: 0, isFunction, names: [...variables] }
  const node = parseBody(parser)
  const rest = parser.tokens[parser.at]
  if (rest !== undefined) throw failed(parser, `unexpected ${describe(rest)}`)
  return node
}

/** `let NAME = VALUE; BODY`, or an expression. */
function parseBody(parser: Parser): ExpressionNode {
  if (!takeWord(parser, 'let')) return parseTernary(parser)
  const name = takeName(parser)
  expectOperator(parser, '=')
  const value = parseTernary(parser)
  expectOperator(parser, ';')
  parser.names.push(name)
  const body = parseBody(parser)
  parser.names.pop()
  return { kind: 'let', name, value, body }
}

function parseTernary(parser: Parser): ExpressionNode {
  const test = parseBinary(parser, 0)
  if (!takeOperator(parser, '?')) return test
  // `a ?: b` is `a ? a : b`.
  if (takeOperator(parser, ':')) return { kind: 'conditional', test, yes: test, no: parseTernary(parser) }
  const yes = parseTernary(parser)
  expectOperator(parser, ':')
  return { kind: 'conditional', test, yes, no: parseTernary(parser) }
}

function parseBinary(parser: Parser, least: number): ExpressionNode {
  parser.depth += 1
  if (parser.depth > MAX_DEPTH) throw failed(parser, `nested more than ${MAX_DEPTH} deep`)
  let left = parseUnary(parser)
  for (;;) {
    const { operator, negated, width } = peekOperator(parser)
    const precedence = operator === undefined ? undefined : PRECEDENCE[operator]
    if (operator === undefined || precedence === undefined || precedence < least) break
    parser.at += width
    if (operator === '|') {
      left = parsePipe(parser, left)
      continue
    }
    const isRightAssociative = operator === '**' || operator === '^'
    const right = parseBinary(parser, isRightAssociative ? precedence : precedence + 1)
    const node: ExpressionNode = { kind: 'binary', operator: canonical(operator), left, right }
    left = negated ? { kind: 'unary', operator: '!', operand: node } : node
  }
  parser.depth -= 1
  return left
}

/** The operator at hand; `not in` and its like are two words. */
function peekOperator(parser: Parser): {
  readonly operator?: string
  readonly negated: boolean
  readonly width: number
} {
  const token = parser.tokens[parser.at]
  if (token === undefined || token.kind === 'literal') return { negated: false, width: 0 }
  if (token.text !== 'not') return { operator: token.text, negated: false, width: 1 }
  const next = parser.tokens[parser.at + 1]
  return next?.kind === 'word' ? { operator: next.text, negated: true, width: 2 } : { negated: false, width: 0 }
}

function canonical(operator: string): string {
  if (operator === 'and') return '&&'
  if (operator === 'or') return '||'
  return operator === '^' ? '**' : operator
}

/** `value | f(args)` is `f(value, args)`. */
function parsePipe(parser: Parser, value: ExpressionNode): ExpressionNode {
  const name = takeName(parser)
  if (!takeOperator(parser, '(')) throw failed(parser, `expected a call after | ${name}`)
  return parsePostfix(parser, parseCall(parser, name, [value]))
}

function parseUnary(parser: Parser): ExpressionNode {
  const token = parser.tokens[parser.at]
  const text = token === undefined || token.kind === 'literal' ? undefined : token.text
  const precedence = text === undefined ? undefined : UNARY[text]
  if (text === undefined || precedence === undefined) return parsePostfix(parser, parsePrimary(parser))
  parser.at += 1
  const operand = parseBinary(parser, precedence)
  return { kind: 'unary', operator: text === 'not' || text === '!' ? '!' : text === '-' ? '-' : '+', operand }
}

function parsePrimary(parser: Parser): ExpressionNode {
  const token = parser.tokens[parser.at]
  parser.at += 1
  switch (token?.kind) {
    case 'literal':
      return token
    case 'word':
      return parseWord(parser, token.text)
    case 'operator':
      if (token.text === '(') {
        const inner = parseBody(parser)
        expectOperator(parser, ')')
        return inner
      }
      if (token.text === '[') return { kind: 'list', items: parseItems(parser, ']') }
      if (token.text === '{') return parseMap(parser)
      // `.field` in a predicate is `#.field`.
      if (token.text === '.' && parser.names.includes('#')) {
        const key: ExpressionNode = { kind: 'literal', value: takeName(parser) }
        return { kind: 'member', object: { kind: 'name', name: '#' }, key, optional: false }
      }
      throw failed(parser, `unexpected ${describe(token)}`)
    case undefined:
      throw failed(parser, 'unexpected end')
  }
}

function parseWord(parser: Parser, word: string): ExpressionNode {
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' }
  if (word === 'nil') return { kind: 'literal', value: null }
  if (KEYWORDS.has(word)) throw failed(parser, `unexpected "${word}"`)
  if (takeOperator(parser, '(')) return parseCall(parser, word, [])
  if (!parser.names.includes(word)) throw failed(parser, `unknown name ${word}`)
  return { kind: 'name', name: word }
}

/** The arguments after `(`. */
function parseCall(parser: Parser, name: string, first: readonly ExpressionNode[]): ExpressionNode {
  if (!parser.isFunction(name)) throw failed(parser, `unknown name ${name}`)
  const args = [...first]
  while (!takeOperator(parser, ')')) {
    args.push(isPredicateArgument(name, args.length) ? parsePredicate(parser) : parseBody(parser))
    if (takeOperator(parser, ',')) continue
    expectOperator(parser, ')')
    break
  }
  return { kind: 'call', name, args }
}

const PREDICATE_FUNCTIONS: ReadonlySet<string> = new Set([
  'all',
  'any',
  'count',
  'filter',
  'find',
  'map',
  'none',
  'one',
])

function isPredicateArgument(name: string, index: number): boolean {
  return index === 1 && PREDICATE_FUNCTIONS.has(name)
}

/** With braces or without. */
function parsePredicate(parser: Parser): ExpressionNode {
  const hasBraces = takeOperator(parser, '{')
  parser.names.push('#')
  const body = parseBody(parser)
  parser.names.pop()
  if (hasBraces) expectOperator(parser, '}')
  return { kind: 'predicate', body }
}

function parseMap(parser: Parser): ExpressionNode {
  const entries: (readonly [ExpressionNode, ExpressionNode])[] = []
  while (!takeOperator(parser, '}')) {
    const token = parser.tokens[parser.at]
    let key: ExpressionNode
    if (token?.kind === 'word') {
      parser.at += 1
      key = { kind: 'literal', value: token.text }
    } else {
      key = parsePrimary(parser)
    }
    expectOperator(parser, ':')
    entries.push([key, parseBody(parser)])
    if (takeOperator(parser, ',')) continue
    expectOperator(parser, '}')
    break
  }
  return { kind: 'map', entries }
}

function parseItems(parser: Parser, end: string): ExpressionNode[] {
  const items: ExpressionNode[] = []
  while (!takeOperator(parser, end)) {
    items.push(parseBody(parser))
    if (takeOperator(parser, ',')) continue
    expectOperator(parser, end)
    break
  }
  return items
}

function parsePostfix(parser: Parser, start: ExpressionNode): ExpressionNode {
  let node = start
  for (;;) {
    const optional = takeOperator(parser, '?.')
    if (optional || takeOperator(parser, '.')) {
      if (optional && takeOperator(parser, '[')) {
        node = parseIndex(parser, node, true)
        continue
      }
      node = { kind: 'member', object: node, key: { kind: 'literal', value: takeName(parser) }, optional }
    } else if (takeOperator(parser, '[')) {
      node = parseIndex(parser, node, false)
    } else {
      return node
    }
  }
}

function parseIndex(parser: Parser, object: ExpressionNode, optional: boolean): ExpressionNode {
  const from = isOperator(parser, ':') ? undefined : parseBody(parser)
  if (takeOperator(parser, ':')) {
    const to = isOperator(parser, ']') ? undefined : parseBody(parser)
    expectOperator(parser, ']')
    return { kind: 'slice', object, from, to }
  }
  expectOperator(parser, ']')
  if (from === undefined) throw failed(parser, 'expected an index')
  return { kind: 'member', object, key: from, optional }
}

// --- Tokens ---

function isOperator(parser: Parser, text: string): boolean {
  const token = parser.tokens[parser.at]
  return token?.kind === 'operator' && token.text === text
}

function takeOperator(parser: Parser, text: string): boolean {
  if (!isOperator(parser, text)) return false
  parser.at += 1
  return true
}

function expectOperator(parser: Parser, text: string): void {
  if (takeOperator(parser, text)) return
  const token = parser.tokens[parser.at]
  throw failed(parser, `expected "${text}", found ${token === undefined ? 'the end' : describe(token)}`)
}

function takeWord(parser: Parser, text: string): boolean {
  const token = parser.tokens[parser.at]
  if (token?.kind !== 'word' || token.text !== text) return false
  parser.at += 1
  return true
}

function takeName(parser: Parser): string {
  const token = parser.tokens[parser.at]
  if (token?.kind !== 'word' || token.text.startsWith('#')) throw failed(parser, 'expected a name')
  parser.at += 1
  return token.text
}

function describe(token: ExpressionToken): string {
  return token.kind === 'literal' ? JSON.stringify(token.value) : `"${token.text}"`
}

function failed(parser: Parser, why: string): ExpressionError {
  return new ExpressionError('parse', `${why} in: ${parser.source}`)
}
