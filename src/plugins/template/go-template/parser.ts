// Tokens to nodes.
import { TemplateError } from './error.ts'
import { lexTemplate, type TemplateToken } from './lexer.ts'
import type { Command, Node, Operand, ParsedTemplate, Pipeline } from './nodes.ts'

interface Parser {
  readonly tokens: readonly TemplateToken[]
  at: number
  readonly functions: ReadonlySet<string>
  readonly defined: Map<string, readonly Node[]>
  /** Names of variables in scope, outermost first. */
  scope: string[]
  /** How many `range` stand around. */
  loops: number
}

/**
 * Parses a template of Go's text/template language.
 *
 * @param functions names that may be called
 * @throws {TemplateError} `parse`
 */
export function parseTemplate(text: string, functions: ReadonlySet<string>): ParsedTemplate {
  const parser: Parser = { tokens: lexTemplate(text), at: 0, functions, defined: new Map(), scope: ['$'], loops: 0 }
  const { nodes, ended } = parseList(parser)
  if (ended !== 'eof') throw new TemplateError('parse', `unexpected {{${ended}}}`)
  return { nodes, defined: parser.defined }
}

type ListEnd = 'else' | 'end' | 'eof'

function parseList(parser: Parser): { readonly nodes: readonly Node[]; readonly ended: ListEnd } {
  const nodes: Node[] = []
  for (;;) {
    const token = parser.tokens[parser.at]
    if (token === undefined) return { nodes, ended: 'eof' }
    if (token.kind === 'text') {
      parser.at += 1
      nodes.push(token)
      continue
    }
    const word = token.kind === 'word' ? token.word : undefined
    if (word === 'end' || word === 'else') {
      parser.at += 1
      return { nodes, ended: word }
    }
    const node = parseAction(parser, word)
    if (node !== undefined) nodes.push(node)
  }
}

function parseAction(parser: Parser, word: string | undefined): Node | undefined {
  switch (word) {
    case 'if':
    case 'with':
    case 'range':
      parser.at += 1
      return parseControl(parser, word)
    case 'define':
      parser.at += 1
      return parseDefine(parser)
    case 'block': {
      parser.at += 1
      const name = expectString(parser)
      const pipeline = parsePipeline(parser)
      expectEndAction(parser)
      parser.defined.set(name, parseUntilEnd(parser))
      return { kind: 'template', name, pipeline }
    }
    case 'template': {
      parser.at += 1
      const name = expectString(parser)
      const pipeline = parser.tokens[parser.at]?.kind === 'end-action' ? undefined : parsePipeline(parser)
      expectEndAction(parser)
      return { kind: 'template', name, pipeline }
    }
    case 'break':
    case 'continue':
      parser.at += 1
      if (parser.loops === 0) throw new TemplateError('parse', `{{${word}}} outside {{range}}`)
      expectEndAction(parser)
      return { kind: word }
    default: {
      const pipeline = parsePipeline(parser)
      expectEndAction(parser)
      return { kind: 'action', pipeline }
    }
  }
}

/** `if`, `with` and `range`, after the keyword; `else if` and `else with` are nested ones that share the `end`. */
function parseControl(parser: Parser, kind: 'if' | 'range' | 'with'): Node {
  const depth = parser.scope.length
  const pipeline = parsePipeline(parser, kind === 'range')
  expectEndAction(parser)
  parser.loops += kind === 'range' ? 1 : 0
  const { nodes: body, ended } = parseList(parser)
  parser.loops -= kind === 'range' ? 1 : 0
  let otherwise: readonly Node[] = []
  if (ended === 'else') {
    const next = parser.tokens[parser.at]
    if (kind !== 'range' && next?.kind === 'word' && next.word === kind) {
      parser.at += 1
      otherwise = [parseControl(parser, kind)]
    } else {
      expectEndAction(parser)
      otherwise = parseUntilEnd(parser)
    }
  } else {
    if (ended === 'eof') throw new TemplateError('parse', `unexpected EOF: {{${kind}}} has no {{end}}`)
    expectEndAction(parser)
  }
  parser.scope.length = depth
  return { kind, pipeline, body, otherwise }
}

function parseUntilEnd(parser: Parser): readonly Node[] {
  const { nodes, ended } = parseList(parser)
  if (ended !== 'end') throw new TemplateError('parse', ended === 'eof' ? 'unexpected EOF' : 'unexpected {{else}}')
  expectEndAction(parser)
  return nodes
}

function parseDefine(parser: Parser): undefined {
  const name = expectString(parser)
  expectEndAction(parser)
  const outer = parser.scope
  parser.scope = ['$']
  parser.defined.set(name, parseUntilEnd(parser))
  parser.scope = outer
  return undefined
}

function parsePipeline(parser: Parser, isRange = false): Pipeline {
  const { variables, declares } = parseVariables(parser, isRange)
  const commands: Command[] = []
  do commands.push(parseCommand(parser))
  while (take(parser, '|'))
  if (declares) parser.scope.push(...variables)
  const late = commands
    .slice(1)
    .find(({ operands: [first] }) => first?.kind === 'literal' || (first?.kind === 'field' && first.path.length === 0))
  if (late !== undefined) throw new TemplateError('parse', 'non executable command in pipeline')
  return { variables, declares, commands }
}

/** `$x :=`, `$x =`, and for `range` also `$i, $x :=`. */
function parseVariables(parser: Parser, isRange: boolean): Pick<Pipeline, 'declares' | 'variables'> {
  const start = parser.at
  const variables: string[] = []
  for (let token = parser.tokens[parser.at]; token?.kind === 'variable' && token.path.length === 0;) {
    parser.at += 1
    variables.push(token.name)
    if (!isRange || variables.length === 2 || !take(parser, ',')) break
    token = parser.tokens[parser.at]
  }
  if (variables.length > 0 && take(parser, ':=')) return { variables, declares: true }
  if (variables.length > 0 && take(parser, '=')) {
    for (const name of variables) requireVariable(parser, name)
    return { variables, declares: false }
  }
  parser.at = start
  return { variables: [], declares: false }
}

function parseCommand(parser: Parser): Command {
  const operands: Operand[] = []
  for (let operand = parseOperand(parser); operand !== undefined; operand = parseOperand(parser)) operands.push(operand)
  if (operands.length > 0) return { operands }
  throw new TemplateError('parse', 'missing value for command')
}

function parseOperand(parser: Parser): Operand | undefined {
  const token = parser.tokens[parser.at]
  switch (token?.kind) {
    case 'literal':
      parser.at += 1
      return token
    case 'field':
      parser.at += 1
      return { kind: 'field', path: token.path }
    case 'variable':
      parser.at += 1
      requireVariable(parser, token.name)
      return token
    case 'word':
      parser.at += 1
      return wordOperand(parser, token.word)
    case 'punctuation': {
      if (!take(parser, '(')) return undefined
      const pipeline = parsePipeline(parser)
      if (!take(parser, ')')) throw new TemplateError('parse', 'unclosed left paren')
      const next = parser.tokens[parser.at]
      if (next?.kind !== 'field' || !next.glued) return { kind: 'pipeline', pipeline, path: [] }
      parser.at += 1
      return { kind: 'pipeline', pipeline, path: next.path }
    }
    default:
      return undefined
  }
}

function wordOperand(parser: Parser, word: string): Operand {
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' }
  if (word === 'nil') return { kind: 'literal', value: null }
  if (!parser.functions.has(word)) throw new TemplateError('parse', `function "${word}" not defined`)
  return { kind: 'function', name: word }
}

function requireVariable(parser: Parser, name: string): void {
  if (!parser.scope.includes(name)) throw new TemplateError('parse', `undefined variable "${name}"`)
}

function take(parser: Parser, text: '(' | ')' | ',' | ':=' | '=' | '|'): boolean {
  const token = parser.tokens[parser.at]
  if (token?.kind !== 'punctuation' || token.text !== text) return false
  parser.at += 1
  return true
}

function expectEndAction(parser: Parser): void {
  const token = parser.tokens[parser.at]
  if (token?.kind !== 'end-action') {
    throw new TemplateError('parse', `unexpected ${token === undefined ? 'EOF' : describeToken(token)} in action`)
  }
  parser.at += 1
}

function expectString(parser: Parser): string {
  const token = parser.tokens[parser.at]
  if (token?.kind !== 'literal' || typeof token.value !== 'string') {
    throw new TemplateError('parse', 'expected a quoted template name')
  }
  parser.at += 1
  return token.value
}

function describeToken(token: TemplateToken): string {
  switch (token.kind) {
    case 'word':
      return `"${token.word}"`
    case 'punctuation':
      return `"${token.text}"`
    case 'literal':
      return `"${token.value}"`
    case 'variable':
      return `"${token.name}"`
    case 'end-action':
    case 'field':
    case 'text':
      return token.kind
  }
}
