import type { SoaData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { compressedName } from './name-fields.ts'
import { seconds, uint32 } from './number-fields.ts'

/** The start of a zone of authority (RFC 1035 §3.3.13). */
export const soa: RDataForm = rdataForm<SoaData>('SOA', {
  mname: compressedName,
  rname: compressedName,
  serial: uint32,
  refresh: seconds,
  retry: seconds,
  expire: seconds,
  minimum: seconds,
})
