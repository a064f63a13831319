import type { TxtData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { characterStrings } from './string-fields.ts'

/** Descriptive text (RFC 1035 §3.3.14); SPF has the same form (RFC 7208 §3.1). */
export function txt(type: TxtData['type']): RDataForm {
  return rdataForm<TxtData>(type, {
    strings: characterStrings,
  })
}
