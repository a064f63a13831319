// Says everything that a trace says, in one language.
import { fillTemplate } from '../../../doctor/report/format-phrase.ts'
import type { Language } from '../../../doctor/report/index.ts'
import { translateReason } from '../../../doctor/report/translate-reason.ts'
import { WORDING } from '../../../doctor/report/wording/index.ts'
import type { Phrase } from '../../../doctor/ladder/index.ts'
import { REMARKS, RESOLVER_TRAITS } from '../../../route/index.ts'
import type { Hop, Remark, ResolverName } from '../../../route/index.ts'
import { en } from './en.ts'
import { REMARKS_ZH, RESOLVERS_ZH, zh } from './zh.ts'

/** Keys of what a trace says itself. */
export type TraceKey = keyof typeof en

/** One language's way of saying things. */
export interface Say {
  readonly language: Language
  words(key: TraceKey, values?: Readonly<Record<string, number | string>>): string
  /** Of the doctor's rungs. */
  phrase(phrase: Phrase): string
  /** What a vantage gives as its reason, or as what would help. */
  reason(text: string): string
  remark(remark: Remark): string
  hop(hop: Pick<Hop, 'address' | 'kind' | 'node' | 'subject'>): string
  resolver(name: ResolverName): string
}

const TABLES: Readonly<Record<Language, Readonly<Record<TraceKey, string>>>> = { en, zh }

/** Gives the words of a language. */
export function createSay(language: Language): Say {
  const words: Say['words'] = (key, values = {}) => fillTemplate(TABLES[language][key], values, language)
  return {
    language,
    words,
    phrase({ key, values }) {
      if (key === 'trace.encrypted') return words('why-encrypted', { transport: String(values['transport']) })
      const template = WORDING[language].phrases[key]
      if (template === undefined) return key
      const { detail } = values
      const said = typeof detail === 'string' ? { ...values, detail: translateReason(detail, language) } : values
      return fillTemplate(template, said, language).trim()
    },
    reason: (text) => translateReason(text, language),
    remark: ({ key, values }) => fillTemplate((language === 'zh' ? REMARKS_ZH : REMARKS)[key], values, language),
    hop({ kind, address, subject = '', node = '' }) {
      if (kind === 'node-cache' && subject === '') return words('label-a-node-cache', { address })
      return words(`label-${kind}`, { address, subject, node })
    },
    resolver: (name) => (language === 'zh' ? RESOLVERS_ZH[name] : RESOLVER_TRAITS[name].title),
  }
}
