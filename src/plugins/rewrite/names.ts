// Which names a rule is for, and what it makes of them.
import { compileGoRegexp, type GoRegexp } from '../../base/regexp.ts'
import { parseName, type DomainName } from '../../dns/index.ts'
import { RuleError } from './rule.ts'

export type MatchKind = 'exact' | 'prefix' | 'regex' | 'substring' | 'suffix'

const KINDS: readonly string[] = ['exact', 'prefix', 'regex', 'substring', 'suffix']
const MAX_REGEXP_LENGTH = 10_000

/** The match kind that a word names, in any case. */
export function matchKind(word: string): MatchKind | undefined {
  const lower = word.toLowerCase()
  return KINDS.includes(lower) ? (lower as MatchKind) : undefined
}

/** Gives the new name for a lower-cased one; undefined when it does not match. */
export type NameRewriter = (name: DomainName) => DomainName | undefined

/** Makes the rewriter of `FROM TO`. @throws {RuleError} */
export function createRewriter(kind: MatchKind, from: string, to: string): NameRewriter {
  const target = absolute(to)
  if (kind === 'regex') return createRegexRewriter(from, target)
  const pattern = absolute(from)
  switch (kind) {
    case 'exact':
      return (name) => (name === pattern ? target : undefined)
    case 'prefix':
      return (name) => (name.startsWith(pattern) ? target + name.slice(pattern.length) : undefined)
    case 'suffix':
      return (name) => (name.endsWith(pattern) ? name.slice(0, name.length - pattern.length) + target : undefined)
    case 'substring':
      return (name) => (name.includes(pattern) ? name.replaceAll(pattern, () => target) : undefined)
  }
}

/** Searches a regular expression; `{N}` in `to` stands for its groups. @throws {RuleError} */
export function createRegexRewriter(from: string, to: string): NameRewriter {
  const regexp = compilePattern(from)
  const used = new Set([...to.matchAll(/\{(\d{1,3})\}/g)].map(([text]) => text))
  if (used.size > regexp.groupCount) {
    throw new RuleError(
      `the rewrite regex pattern (${to}) uses more subexpressions than its corresponding matching regex pattern (${from})`,
    )
  }
  return (name) => {
    const found = regexp.find(name)
    if (found === undefined) return undefined
    return to.replaceAll(/\{(\d{1,3})\}/g, (text, index: string) => {
      const number = Number(index)
      return number < found.groups.length ? (found.groups[number] ?? '') : text
    })
  }
}

/** Whether a lower-cased name is one that a `ttl` or `rcode` rule is for. @throws {RuleError} with `rule` in its text */
export function createNameTest(kind: MatchKind, from: string, rule: string): (name: DomainName) => boolean {
  if (kind === 'regex') {
    const regexp = compilePattern(from, ` in a ${rule} rule`)
    return (name) => regexp.test(name)
  }
  const pattern = absolute(from)
  switch (kind) {
    case 'exact':
      return (name) => name === pattern
    case 'prefix':
      return (name) => name.startsWith(pattern)
    case 'suffix':
      return (name) => name.endsWith(pattern)
    case 'substring':
      return (name) => name.includes(pattern)
  }
}

function compilePattern(pattern: string, where = ''): GoRegexp {
  if (pattern.length > MAX_REGEXP_LENGTH) {
    throw new RuleError(`regex pattern too long${where}: ${pattern.length} > ${MAX_REGEXP_LENGTH}`)
  }
  try {
    return compileGoRegexp(pattern)
  } catch (error) {
    const what = where === '' ? 'invalid regex matching pattern' : `invalid regex pattern${where}`
    throw new RuleError(`${what}: ${pattern}`, { cause: error })
  }
}

/** In lower case with a final dot. */
export function absolute(text: string): string {
  const lower = text.toLowerCase()
  return lower.endsWith('.') ? lower : `${lower}.`
}

/** The name if it is one that can be sent: labels of at most 63 octets, 255 in all. */
export function validName(text: string): DomainName | undefined {
  try {
    return parseName(text)
  } catch {
    return undefined
  }
}
