// Go's regular expressions (RE2): the language of Corefiles, and linear in time whatever a client sends. JavaScript's own
// engine backtracks and must never see a pattern from a configuration. The engine is heavy: it is loaded with the first pattern.
import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'
import { BaseError } from './errors.ts'

/** Longest pattern a Corefile may hold, in characters; CoreDNS's limit. */
export const MAX_REGEXP_LENGTH = 10_000

/** A pattern is no Go regular expression; the message begins with Go's `error parsing regexp: `. */
export class GoRegexpError extends BaseError<'bad-regexp' | 'regexp-too-long'> {
  readonly pattern: string

  constructor(code: 'bad-regexp' | 'regexp-too-long', pattern: string, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.pattern = pattern
  }
}

export interface GoRegexpMatch {
  /** The whole match, then one entry for each group; undefined where a group took no part. */
  readonly groups: readonly (string | undefined)[]
  /** The groups that have a name; those that took no part are empty, as in Go. */
  readonly named: Readonly<Record<string, string>>
  /** Where the match begins and ends, in UTF-16 code units. */
  readonly start: number
  readonly end: number
}

export interface GoRegexp {
  readonly source: string
  /** Number of groups, the whole match not counted. */
  readonly groupCount: number
  /** Whether the pattern is found anywhere in `text`. */
  test(text: string): boolean
  /** Finds the leftmost match anywhere in `text`. */
  find(text: string): GoRegexpMatch | undefined
}

/**
 * Compiles a pattern of Go's `regexp` package; groups may be named `(?P<name>…)` or `(?<name>…)`.
 *
 * @throws {GoRegexpError} `bad-regexp` (``error parsing regexp: missing closing ): `(` ``), `regexp-too-long`
 * @see https://github.com/google/re2/wiki/Syntax
 */
export function compileGoRegexp(pattern: string): GoRegexp {
  if (pattern.length > MAX_REGEXP_LENGTH) {
    throw new GoRegexpError(
      'regexp-too-long',
      pattern,
      `regex pattern too long: ${pattern.length} > ${MAX_REGEXP_LENGTH}`,
    )
  }
  const compiled = compile(pattern)
  const groupNumbers = Object.entries(compiled.namedGroups())
  const groupCount = compiled.groupCount()
  return {
    source: pattern,
    groupCount,
    test: (text) => compiled.test(text),
    find(text) {
      const matcher = compiled.matcher(text)
      if (!matcher.find()) return undefined
      const groups = Array.from({ length: groupCount + 1 }, (_, group) => matcher.group(group) ?? undefined)
      const named = Object.fromEntries(groupNumbers.map(([name, group]) => [name, groups[group] ?? '']))
      return { groups, named, start: matcher.start(), end: matcher.end() }
    },
  }
}

let engine: typeof RE2JS | undefined

function loadEngine(): typeof RE2JS {
  engine ??= (createRequire(import.meta.url)('re2js') as { readonly RE2JS: typeof RE2JS }).RE2JS
  return engine
}

function compile(pattern: string): RE2JS {
  const loaded = loadEngine()
  try {
    return loaded.compile(pattern)
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    const message = detail.startsWith('error parsing regexp') ? detail : `error parsing regexp: ${detail}`
    throw new GoRegexpError('bad-regexp', pattern, message, { cause: error })
  }
}
