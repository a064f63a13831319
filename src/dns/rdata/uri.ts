import type { UriData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { uint16 } from './number-fields.ts'
import { stringRest } from './string-fields.ts'

/** Where a service is, as a URI (RFC 7553 §4). */
export const uri: RDataForm = rdataForm<UriData>('URI', {
  priority: uint16,
  weight: uint16,
  target: stringRest,
})
