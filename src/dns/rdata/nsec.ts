import type { NsecData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { plainName } from './name-fields.ts'
import { typeBitmap } from './type-bitmap.ts'

/** The next name of a zone and the types that exist (RFC 4034 §4.1). */
export const nsec: RDataForm = rdataForm<NsecData>('NSEC', {
  nextDomainName: plainName,
  types: typeBitmap,
})
