import type { AfsdbData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { plainName } from './name-fields.ts'
import { uint16 } from './number-fields.ts'

/** An AFS cell's database server (RFC 1183 §1). */
export const afsdb: RDataForm = rdataForm<AfsdbData>('AFSDB', {
  subtype: uint16,
  hostname: plainName,
})
