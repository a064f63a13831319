// Other words for the words of names: each always the same, as long as the one it stands for, and never one that is kept.
import { createHmac } from 'node:crypto'
import { KEPT_WORDS } from './kept-words.ts'

/** Gives a word its pseudonym; words that no name is made of come back as they are. */
export type WordMap = (word: string) => string

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const ALL = `${LETTERS}0123456789`
/** Account numbers and the like; shorter ones are ports, ordinals, versions. */
const LONG_NUMBER = 8

/** Whether a word of a name tells whose it is. */
export function isTelling(word: string): boolean {
  if (word.length < 2 || KEPT_WORDS.has(word.toLowerCase())) return false
  return /^\d+$/.test(word) ? word.length >= LONG_NUMBER : !/^(?:(?:v|alpine)\d+|\d+(?:ns|us|ms|s|m|h|d))$/.test(word)
}

/**
 * Makes the pseudonyms of one key for the words of the names that were seen.
 *
 * @param topLevelDomains one of them becomes another of them, and no other word does: a namespace may shadow one
 */
export function createWordMap(
  key: Uint8Array,
  words: Iterable<string>,
  topLevelDomains: ReadonlySet<string> = new Set(),
): WordMap {
  const byLength = new Map<number, string[]>()
  for (const domain of topLevelDomains) {
    const same = byLength.get(domain.length)
    if (same === undefined) byLength.set(domain.length, [domain])
    else same.push(domain)
  }
  const originals = new Set([...words].map((word) => word.toLowerCase()).filter(isTelling))
  const pseudonyms = new Map<string, string>()
  const taken = new Set<string>()
  // Sorted, so that who gives way to whom does not depend on the order in which names were seen.
  for (const word of [...originals].toSorted()) {
    const isDomain = topLevelDomains.has(word)
    const isFree = (one: string): boolean =>
      !taken.has(one) && !originals.has(one) && !KEPT_WORDS.has(one) && (isDomain || !topLevelDomains.has(one))
    const domains = isDomain ? (byLength.get(word.length) ?? []).filter(isFree) : []
    // Where all domains of its length are taken, a word that is none has to do.
    let pseudonym = domains.length > 0 ? pick(key, word, domains) : candidate(key, word, 0)
    for (let attempt = 1; !isFree(pseudonym); attempt += 1) pseudonym = candidate(key, word, attempt)
    taken.add(pseudonym)
    pseudonyms.set(word, pseudonym)
  }
  return (word) => pseudonyms.get(word.toLowerCase()) ?? word
}

function pick(key: Uint8Array, word: string, from: readonly string[]): string {
  return from[createHmac('sha512', key).update(word).digest().readUInt32BE(0) % from.length] ?? ''
}

/** As long as the word, for the limits of names and search lists; longer where all short ones may be taken. */
function candidate(key: Uint8Array, word: string, attempt: number): string {
  const digest = createHmac('sha512', key).update(`${attempt} ${word}`).digest()
  const isNumber = /^\d+$/.test(word)
  const length = Math.min(word.length + Math.floor(attempt / 64), digest.length)
  const alphabet = isNumber ? '123456789' : ALL
  const first = isNumber ? alphabet : LETTERS
  return Array.from({ length }, (_, at) => {
    const from = at === 0 ? first : alphabet
    return from[(digest[at] ?? 0) % from.length] ?? 'x'
  }).join('')
}
