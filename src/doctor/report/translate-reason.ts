// Finds a reason that a vantage or the facts gave in English among the sentences that a language has words for.
import type { Language } from './language.ts'
import { reasons } from './wording/zh/reasons.ts'

interface Sentence {
  readonly pattern: RegExp
  readonly names: readonly string[]
  readonly translation: string
}

/** The most literal sentence first: `cannot read {path}: it is not a regular file there` before `cannot read {path}: {detail}`. */
const SENTENCES: readonly Sentence[] = Object.entries(reasons)
  .toSorted(([a], [b]) => literalLength(b) - literalLength(a))
  .map(([english, translation]) => {
    const parts = english.split(/\{(\w+)\}/)
    const pattern = parts.map((part, at) =>
      at % 2 === 0 ? part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`) : '(.+?)',
    )
    return {
      pattern: new RegExp(`^${pattern.join('')}$`, 's'),
      names: parts.filter((_, at) => at % 2 === 1),
      translation,
    }
  })

function literalLength(english: string): number {
  return english.replaceAll(/\{\w+\}/g, '').length
}

/** Longest reason that is looked for: patterns of several values take long on texts of any length. */
const MAX_LENGTH = 1000

/** A reason in a language; one that it has no words for stays in English. */
export function translateReason(text: string, language: Language): string {
  if (language === 'en' || text.length > MAX_LENGTH) return text
  for (const { pattern, names, translation } of SENTENCES) {
    const match = pattern.exec(text)
    if (match === null) continue
    return translation.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = match[names.indexOf(name) + 1] ?? ''
      // What stands behind a colon may be a reason of its own.
      return name === 'detail' ? translateReason(value, language) : value
    })
  }
  return text
}
