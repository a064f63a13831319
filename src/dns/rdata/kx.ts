import type { KxData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { plainName } from './name-fields.ts'
import { uint16 } from './number-fields.ts'

/** A key exchanger (RFC 2230 §3.1). */
export const kx: RDataForm = rdataForm<KxData>('KX', {
  preference: uint16,
  exchanger: plainName,
})
