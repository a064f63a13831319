// Fills a wording template with the values of a phrase.
import type { PhraseValue } from '../ladder/phrase.ts'
import type { Language } from './language.ts'

/** Longest list that is written out; the rest is counted. */
const MAX_LISTED = 5
const PLACEHOLDER = /\{(\w+)(?::([^|{}]*)\|([^{}]*))?\}/g

/** Thrown when a template names a value that the phrase does not have: a defect, caught by the wording test. */
export class WordingError extends Error {}

/**
 * Fills `{name}` with a value and `{count:pod|pods}` with the word that fits the number.
 *
 * Lists are joined as the language does it and cut after five.
 */
export function fillTemplate(
  template: string,
  values: Readonly<Record<string, PhraseValue>>,
  language: Language,
): string {
  return template.replaceAll(PLACEHOLDER, (_, name: string, one: string | undefined, other: string | undefined) => {
    const value = values[name]
    if (value === undefined) throw new WordingError(`Cannot word "${template}": no value "${name}"`)
    if (one !== undefined && other !== undefined) return Number(value) === 1 ? one : other
    return typeof value === 'object' ? joinList(value, language) : String(value)
  })
}

/** The placeholders of a template, each once, sorted; plural forms count as their value's name. */
export function placeholdersOf(template: string): string[] {
  return [...new Set([...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? ''))].sort()
}

function joinList(values: readonly string[], language: Language): string {
  const listed = values.slice(0, MAX_LISTED)
  const left = values.length - listed.length
  if (language === 'zh') return listed.join('、') + (left > 0 ? ` 等 ${values.length} 个` : '')
  return listed.join(', ') + (left > 0 ? ` and ${left} more` : '')
}
