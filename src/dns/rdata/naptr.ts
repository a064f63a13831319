import type { NaptrData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { plainName } from './name-fields.ts'
import { uint16 } from './number-fields.ts'
import { characterString } from './string-fields.ts'

/** A rewrite rule (RFC 3403 §4.1). */
export const naptr: RDataForm = rdataForm<NaptrData>('NAPTR', {
  order: uint16,
  preference: uint16,
  flags: characterString,
  services: characterString,
  regexp: characterString,
  replacement: plainName,
})
