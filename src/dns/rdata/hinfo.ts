import type { HinfoData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { characterString } from './string-fields.ts'

/** Host information (RFC 1035 §3.3.2), and the minimal answer to ANY (RFC 8482 §4.2). */
export const hinfo: RDataForm = rdataForm<HinfoData>('HINFO', {
  cpu: characterString,
  os: characterString,
})
