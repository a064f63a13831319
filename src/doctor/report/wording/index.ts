import type { Language } from '../language.ts'
import { en } from './en/index.ts'
import type { Wording } from './wording.ts'
import { zh } from './zh/index.ts'

/** The words of every language. */
export const WORDING: Readonly<Record<Language, Wording>> = { en, zh }
export type * from './wording.ts'
