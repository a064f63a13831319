// Tokens to server blocks: keys, braces, directives, snippets. What the directives mean is the plugins' business.
import { posix } from 'node:path'
import type { Corefile, CorefileWarning, Directive, ServerBlock, Token } from './ast.ts'
import { describeForeignDirective, isServedDirective } from './directives.ts'
import { CorefileError, parseError, syntaxError } from './errors.ts'
import { createImports } from './imports.ts'
import type { Imports } from './imports.ts'
import { createLexer } from './lexer.ts'
import type { Lexer } from './lexer.ts'
import { EMPTY_SOURCE, replaceEnvironment } from './source.ts'
import type { CorefileSource } from './source.ts'
import { MAX_TOKENS, createTokenStream } from './token-stream.ts'
import type { TokenStream } from './token-stream.ts'

export interface ParseOptions {
  /** The name that messages give the text, and the path that relative imports start from; default `Corefile`. */
  readonly file?: string
  /** Default: no files, no environment. */
  readonly source?: CorefileSource
  /** Which directives there are; default those that this program serves. `() => true` reads any CoreDNS's Corefile. */
  readonly accepts?: (directive: string) => boolean
}

/** What a Corefile without any server block stands for. */
export function defaultCorefile(port: number): string {
  return `.:${port} {\n    whoami\n    log\n}\n`
}

/**
 * Parses a Corefile with its imports.
 *
 * Directives are grouped by name and not looked into. A text without server blocks gives none; the server then uses
 * {@link defaultCorefile}. The last `}` of a file may be missing if its last token is another `}`, as in CoreDNS.
 *
 * @throws {CorefileError} with CoreDNS's messages
 */
export function parseCorefile(text: string, options: ParseOptions = {}): Corefile {
  const { file = 'Corefile', source = EMPTY_SOURCE, accepts = isServedDirective } = options
  const main = createLexer(text, file)
  const lexers: Lexer[] = [main]
  const warnings: CorefileWarning[] = []
  const stream = createTokenStream(main, posix.normalize(file))
  const warn = (warning: CorefileWarning): number => warnings.push(warning)
  const imports = createImports({ stream, source, warn, opened: (lexer) => lexers.push(lexer) })
  const parser: Parser = { stream, imports, env: source.env, accepts, warn }
  const unclosedQuotes = (): Token[] => lexers.flatMap((lexer) => lexer.unclosedQuote() ?? [])
  const blocks = withQuoteHint(() => parseBlocks(parser), unclosedQuotes)
  for (const quote of unclosedQuotes()) {
    const message = 'A quote that begins here is not closed: the rest of the file is one argument'
    warn({ message, file: quote.file, line: quote.line, column: quote.column, text: quote.text })
  }
  return { blocks, warnings, imported: imports.files() }
}

/** An error behind a quote that is not closed has its reason there. */
function withQuoteHint<T>(parse: () => T, unclosedQuotes: () => readonly Token[]): T {
  try {
    return parse()
  } catch (error) {
    const [quote] = unclosedQuotes()
    if (!(error instanceof CorefileError) || quote === undefined) throw error
    const { code, message, cause } = error
    const hint = `A quote that begins at ${quote.file}:${quote.line} is not closed`
    throw new CorefileError(code, message, { at: { ...quote, ...placeOf(error) }, hint, cause })
  }
}

function placeOf({ file, line, column, text }: CorefileError): Pick<Token, 'column' | 'file' | 'line' | 'text'> {
  return { file, line, column, text }
}

function parseBlocks(parser: Parser): ServerBlock[] {
  const blocks: ServerBlock[] = []
  while (advance(parser)) {
    const block = parseBlock(parser)
    if (block !== undefined) blocks.push(block)
  }
  return blocks
}

interface Parser {
  readonly stream: TokenStream
  readonly imports: Imports
  readonly env: CorefileSource['env']
  readonly accepts: (directive: string) => boolean
  readonly warn: (warning: CorefileWarning) => void
}

function advance({ stream }: Parser): boolean {
  if (!stream.next()) return false
  if (stream.count() > MAX_TOKENS) {
    const at = currentToken(stream)
    throw parseError('too-large', `more than ${MAX_TOKENS} tokens, imports included`, { at })
  }
  return true
}

/** The parser reads tokens only after an `advance` that found one. */
function currentToken(stream: TokenStream): Token {
  const token = stream.current()
  if (token === undefined) throw new TypeError('no token was read yet')
  return token
}

// --- Blocks and keys ---

/** Reads one block or snippet, from its first key to its `}`; undefined for what is no block to serve. */
function parseBlock(parser: Parser): ServerBlock | undefined {
  const { stream, imports } = parser
  const { keys, atEnd } = parseKeys(parser)
  if (atEnd) return keys.length === 0 ? undefined : { keys, directives: [] }
  const [first] = keys
  if (first !== undefined && keys.length === 1 && first.text.startsWith('(') && first.text.endsWith(')')) {
    imports.define(first.text.slice(1, -1), parseSnippet(parser), first)
    return undefined
  }
  const opening = currentToken(stream)
  const isBraced = opening.text === '{'
  if (!isBraced) stream.hold()
  const directives = parseDirectives(parser)
  const closing = currentToken(stream)
  if (isBraced && closing.text !== '}') throw syntaxError('}', replaced(closing, parser.env))
  if (keys.length > 0) return { keys, directives }
  const { file, line, column } = opening
  parser.warn({ message: 'A server block without a zone is ignored', file, line, column, text: opening.text })
  return undefined
}

/** Reads keys up to `{` or the end of the line, standing on the first token; afterwards on the token behind them. */
function parseKeys(parser: Parser): { keys: Token[]; atEnd: boolean } {
  const { stream, imports, env } = parser
  const keys: Token[] = []
  let expectsAnother = false
  for (;;) {
    const token = currentToken(stream)
    const text = replaceEnvironment(token.text, env)
    if (text === 'import' && stream.startsRow()) {
      imports.expand()
      if (!advance(parser)) return { keys, atEnd: true }
      continue
    }
    if (text === '{') {
      if (!expectsAnother) return { keys, atEnd: false }
      throw parseError('syntax', `Expected another address but had '{' - check for extra comma`, { at: token })
    }
    if (text !== '') {
      expectsAnother = text.endsWith(',')
      keys.push({ ...token, text: expectsAnother ? text.slice(0, -1) : text })
    }
    if (!advance(parser)) {
      if (expectsAnother) throw unexpectedEnd(token)
      return { keys, atEnd: true }
    }
    if (!expectsAnother && stream.startsRow()) return { keys, atEnd: false }
  }
}

/** Keeps what stands between the braces of a snippet, imports in it unread. */
function parseSnippet(parser: Parser): Token[] {
  const { stream } = parser
  if (currentToken(stream).text !== '{') throw syntaxError('{', currentToken(stream))
  const tokens: Token[] = []
  let depth = 1
  while (advance(parser)) {
    const token = currentToken(stream)
    if (token.text === '}') depth -= 1
    if (depth === 0) return tokens
    if (token.text === '{') depth += 1
    tokens.push(token)
  }
  throw syntaxError('}', currentToken(stream))
}

// --- Directives ---

/** Reads directives up to the block's `}` or the end of the text, whichever comes first. */
function parseDirectives(parser: Parser): Directive[] {
  const { stream, imports } = parser
  const directives = new Map<string, Token[]>()
  while (advance(parser)) {
    const { text } = currentToken(stream)
    if (text === '}') break
    if (text === 'import') imports.expand()
    else parseDirective(parser, directives)
  }
  return [...directives].map(([name, tokens]) => ({ name, tokens }))
}

/** Reads one directive to the end of its line or, where braces are open, to the `}` that matches. */
function parseDirective(parser: Parser, directives: Map<string, Token[]>): void {
  const { stream, imports, env, accepts } = parser
  const first = replaced(currentToken(stream), env)
  const name = first.text
  if (!accepts(name)) {
    throw parseError('unknown-directive', `Unknown directive '${name}'`, {
      at: first,
      hint: describeForeignDirective(name),
    })
  }
  const tokens = directives.get(name) ?? []
  directives.set(name, tokens)
  tokens.push(first)
  let depth = 0
  while (advance(parser)) {
    const token = currentToken(stream)
    if (token.text === '{') depth += 1
    else if (stream.startsRow() && depth === 0) {
      stream.hold()
      return
    } else if (token.text === '}') {
      if (depth === 0) {
        throw parseError('syntax', `Unexpected '}' because no matching opening brace`, {
          at: token,
          hint: 'The closing brace of a server block stands on a line of its own',
        })
      }
      depth -= 1
    } else if (token.text === 'import' && stream.startsRow()) {
      imports.expand()
      continue
    }
    tokens.push(replaced(token, env))
  }
  if (depth > 0) throw unexpectedEnd(currentToken(stream))
}

function replaced(token: Token, env: CorefileSource['env']): Token {
  const text = replaceEnvironment(token.text, env)
  return text === token.text ? token : { ...token, text }
}

function unexpectedEnd(at: Token): CorefileError {
  return parseError('syntax', 'Unexpected EOF', { at, hint: `The file ends before the "}" that closes this` })
}
