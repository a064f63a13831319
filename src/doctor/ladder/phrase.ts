// What is to be said, without the words: a key and its values. The words of each language stand in report/wording only.

import type { Origin } from '../facts/index.ts'

export type PhraseValue = number | string | readonly string[]

/** How a value came to be known, as in the facts; every line of evidence says it. */
export type Basis = Origin

export interface Phrase {
  /** Key of the wording tables, such as `skip.no-place`. */
  readonly key: string
  readonly values: Readonly<Record<string, PhraseValue>>
}

/** Makes a phrase; `values` defaults to none. */
export function phrase(key: string, values: Phrase['values'] = {}): Phrase {
  return { key, values }
}
