// The import directive: snippets by name, files by name or pattern, and the bounds that keep either from running away.
import { posix } from 'node:path'
import type { CorefileWarning, Token } from './ast.ts'
import { parseError } from './errors.ts'
import { expandGlob, isAllowedGlob, isGlob } from './glob.ts'
import { createLexer } from './lexer.ts'
import type { Lexer } from './lexer.ts'
import { replaceEnvironment } from './source.ts'
import type { CorefileSource } from './source.ts'
import type { TokenStream } from './token-stream.ts'

/** CoreDNS's bounds on how often snippets and files are put in. */
export const MAX_SNIPPET_EXPANSIONS = 10_000
export const MAX_FILE_EXPANSIONS = 100_000

export interface Imports {
  /** @throws {CorefileError} for a second snippet of that name, and for one that imports itself */
  define(name: string, tokens: readonly Token[], at: Token): void
  /** Puts in what the import directive means that the stream stands on. @throws {CorefileError} `bad-import`, `syntax` */
  expand(): void
  /** The files that were put in, in order, each once. */
  files(): string[]
}

export interface ImportsOptions {
  readonly stream: TokenStream
  readonly source: CorefileSource
  readonly warn: (warning: CorefileWarning) => void
  /** Told every lexer that is opened, so that its unclosed quote can be found in the end. */
  readonly opened: (lexer: Lexer) => void
}

/** Stack names of snippets; a path never begins like this. */
const SNIPPET = 'snippet\0'

export function createImports({ stream, source, warn, opened }: ImportsOptions): Imports {
  const snippets = new Map<string, readonly Token[]>()
  const texts = new Map<string, string>()
  let snippetExpansions = 0
  let fileExpansions = 0

  function readArgument(directive: Token): { pattern: string; at: Token } {
    if (!stream.nextOnRow()) {
      throw parseError('bad-import', `Wrong argument count or unexpected line ending after 'import'`, { at: directive })
    }
    const at = stream.current() ?? directive
    const pattern = replaceEnvironment(at.text, source.env)
    if (pattern === '') throw parseError('bad-import', 'Import requires a non-empty filepath', { at })
    if (stream.nextOnRow()) {
      throw parseError('bad-import', 'Import takes only one argument (glob pattern or file)', {
        at: stream.current() ?? at,
      })
    }
    return { pattern, at }
  }

  function expandSnippet(name: string, tokens: readonly Token[], at: Token): void {
    if (snippetExpansions >= MAX_SNIPPET_EXPANSIONS || stream.isOpen(SNIPPET + name)) {
      const hint = stream.isOpen(SNIPPET + name) ? cycleHint(stream, SNIPPET + name) : undefined
      throw tooDeep('snippet', at, hint)
    }
    snippetExpansions += 1
    stream.push(lexerOver(tokens), SNIPPET + name)
  }

  function expandFiles(pattern: string, at: Token): void {
    if (fileExpansions >= MAX_FILE_EXPANSIONS) throw tooDeep('file', at)
    fileExpansions += 1
    const path = posix.isAbsolute(pattern) ? pattern : posix.join(posix.dirname(at.file), pattern)
    if (!isAllowedGlob(path)) {
      const message = `Glob pattern may only contain one wildcard (*), but has others: ${path}`
      throw parseError('bad-import', message, { at })
    }
    const found = expandGlob(path, source)
    if (found.length === 0) {
      if (!isGlob(path)) throw notFound(pattern, path, at)
      const { file, line, column } = at
      warn({ message: `No files matching import glob pattern: ${pattern}`, file, line, column, text: pattern })
    }
    const lexers = found.map((file) => ({ file, lexer: openFile(file, at) }))
    for (const { file, lexer } of lexers.toReversed()) stream.push(lexer, file)
  }

  function openFile(file: string, at: Token): Lexer {
    if (stream.isOpen(file)) throw tooDeep('file', at, cycleHint(stream, file))
    if (source.kind(file) === 'directory') {
      throw parseError('bad-import', `Could not import ${file}: is a directory`, { at, hint: directoryHint(file) })
    }
    const lexer = createLexer(readText(file, at), file)
    opened(lexer)
    return lexer
  }

  function readText(file: string, at: Token): string {
    const known = texts.get(file)
    if (known !== undefined) return known
    try {
      const text = source.readFile(file)
      texts.set(file, text)
      return text
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      throw parseError('bad-import', `Could not import ${file}: ${detail}`, { at, cause: error })
    }
  }

  return {
    define(name, tokens, at) {
      if (snippets.has(name)) {
        throw parseError('bad-import', `redeclaration of previously declared snippet ${name}`, { at })
      }
      const itself = tokens.find(
        (token, index) =>
          token.text === 'import' &&
          token.row !== tokens[index - 1]?.row &&
          replaceEnvironment(tokens[index + 1]?.text ?? '', source.env) === name,
      )
      if (itself !== undefined) throw tooDeep('snippet', itself, `The snippet "${name}" imports itself`)
      snippets.set(name, tokens)
    },
    expand() {
      const directive = stream.current()
      if (directive === undefined) throw new TypeError('import directive expected')
      const { pattern, at } = readArgument(directive)
      const snippet = snippets.get(pattern)
      if (snippet === undefined) expandFiles(pattern, at)
      else expandSnippet(pattern, snippet, at)
    },
    files: () => [...texts.keys()],
  }
}

function lexerOver(tokens: readonly Token[]): Pick<Lexer, 'next'> {
  let index = 0
  return {
    next() {
      index += 1
      return tokens[index - 1]
    },
  }
}

function tooDeep(kind: 'file' | 'snippet', at: Token, hint?: string): Error {
  const limit = kind === 'file' ? MAX_FILE_EXPANSIONS : MAX_SNIPPET_EXPANSIONS
  return parseError('bad-import', `maximum ${kind} import depth (${limit}) exceeded`, { at, hint })
}

function cycleHint(stream: TokenStream, name: string): string {
  const names = stream.openNames()
  const cycle = [...names.slice(names.lastIndexOf(name)), name].map((open) =>
    open.startsWith(SNIPPET) ? `(${open.slice(SNIPPET.length)})` : open,
  )
  return `The import never ends: ${cycle.join(' -> ')}`
}

function notFound(pattern: string, path: string, at: Token): Error {
  const hint = `There is neither a snippet "(${pattern})" above this line nor a file ${path}`
  return parseError('bad-import', `File to import not found: ${pattern}`, { at, hint })
}

/** In a ConfigMap mount `*` finds the kubelet's `..data`, which is a directory. */
function directoryHint(file: string): string | undefined {
  return posix.basename(file).startsWith('..')
    ? 'In a mounted ConfigMap "*" also matches the directories "..data" and "..TIMESTAMP": import "*.override" or "*.server" instead'
    : undefined
}
