// Which files an import pattern means: Go's filepath.Glob for the patterns that a Corefile may hold.
import { posix } from 'node:path'
import type { CorefileSource } from './source.ts'

/** Whether a pattern has characters that make it more than a file name. */
export function isGlob(pattern: string): boolean {
  return /[*?[\]]/.test(pattern)
}

/**
 * Whether a Corefile may import this pattern: at most one `*` and one `?` and no `[…]`, since a pattern of many wildcards
 * can take for ever.
 */
export function isAllowedGlob(pattern: string): boolean {
  return count(pattern, '*') <= 1 && count(pattern, '?') <= 1 && !(pattern.includes('[') && pattern.includes(']'))
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}

/** The files and directories that match, sorted. Unlike a shell's, `*` also matches names that begin with a dot. */
export function expandGlob(pattern: string, source: CorefileSource): string[] {
  if (!isGlob(pattern)) return source.kind(pattern) === undefined ? [] : [pattern]
  const directory = posix.dirname(pattern)
  const matches = namePattern(posix.basename(pattern))
  return expandGlob(directory, source)
    .flatMap((found) =>
      source
        .list(found)
        .filter((name) => matches(name))
        .map((name) => posix.join(found, name)),
    )
    .filter((path) => source.kind(path) !== undefined)
    .sort()
}

/** Matches one name against a pattern with at most one `*` and one `?`; a backslash takes the next character as it is. */
function namePattern(pattern: string): (name: string) => boolean {
  const source = pattern.replaceAll(/\\(.)|[\s\S]/gu, (character, escaped?: string) => {
    if (character === '*') return '.*'
    if (character === '?') return '.'
    return (escaped ?? character).replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)
  })
  const expression = new RegExp(`^${source}$`, 'su')
  return (name) => expression.test(name)
}
