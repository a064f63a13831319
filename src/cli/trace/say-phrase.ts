// The words of a rung's reasons, from the doctor's own table.
import { fillTemplate } from '../../doctor/report/format-phrase.ts'
import { WORDING } from '../../doctor/report/wording/index.ts'
import type { Phrase } from '../../doctor/ladder/index.ts'

/** Says a phrase in English. */
export function sayPhrase({ key, values }: Phrase): string {
  if (key === 'trace.encrypted') return `asked over ${String(values['transport'])}, which is not walked`
  const template = WORDING.en.phrases[key]
  return template === undefined ? key : fillTemplate(template, values, 'en').trim()
}
