import type { CnameData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { compressedName } from './name-fields.ts'

/** The name that an alias stands for (RFC 1035 §3.3.1). */
export const cname: RDataForm = rdataForm<CnameData>('CNAME', {
  cname: compressedName,
})
