// Chinese is as complete as English: the same keys, the same values in every sentence.
import { describe, expect, it } from 'vitest'
import { CAUSE_CODES } from '../../src/doctor/causes/index.ts'
import { LANGUAGES } from '../../src/doctor/report/index.ts'
import { placeholdersOf } from '../../src/doctor/report/format-phrase.ts'
import { WORDING } from '../../src/doctor/report/wording/index.ts'

/** Every sentence of a language by its path. */
function sentences(language: (typeof LANGUAGES)[number]): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string') found.set(path, value)
    else if (typeof value === 'object' && value !== null) {
      for (const [key, own] of Object.entries(value)) walk(own, `${path}/${key}`)
    }
  }
  walk(WORDING[language], '')
  return found
}

const english = sentences('en')

describe.each(LANGUAGES.filter((language) => language !== 'en'))('wording in %s', (language) => {
  const other = sentences(language)

  it('has the same sentences as English', () => {
    expect([...other.keys()].toSorted()).toEqual([...english.keys()].toSorted())
  })

  it('uses the same values in each sentence', () => {
    const differing = [...english]
      .filter(([path, text]) => String(placeholdersOf(text)) !== String(placeholdersOf(other.get(path) ?? '')))
      .map(([path]) => path)
    expect(differing).toEqual([])
  })

  it('is Chinese: no sentence was left in English', () => {
    const left = [...other].filter(
      ([path, text]) => /[a-z]{3,} [a-z]{3,} [a-z]{3,}/i.test(text) && !/\p{Script=Han}/u.test(text) && path !== '',
    )
    expect(left).toEqual([])
  })
})

describe('wording', () => {
  it('says something for every cause', () => {
    expect(Object.keys(WORDING.en.causes).toSorted()).toEqual([...CAUSE_CODES].toSorted())
  })

  it('has no empty sentence', () => {
    expect([...english].filter(([, text]) => text.trim() === '')).toEqual([])
  })
})
