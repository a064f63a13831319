import type { MxData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { compressedName } from './name-fields.ts'
import { uint16 } from './number-fields.ts'

/** A mail exchange (RFC 1035 §3.3.9). */
export const mx: RDataForm = rdataForm<MxData>('MX', {
  preference: uint16,
  exchange: compressedName,
})
