import type { RpData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { plainName } from './name-fields.ts'

/** The person responsible for a name (RFC 1183 §2.2). */
export const rp: RDataForm = rdataForm<RpData>('RP', {
  mboxDname: plainName,
  txtDname: plainName,
})
