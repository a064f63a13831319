import type { NsData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { compressedName } from './name-fields.ts'

/** The name of an authoritative server (RFC 1035 §3.3.11). */
export const ns: RDataForm = rdataForm<NsData>('NS', {
  nsdname: compressedName,
})
