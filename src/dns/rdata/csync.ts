import type { CsyncData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { uint16, uint32 } from './number-fields.ts'
import { typeBitmap } from './type-bitmap.ts'

/** What the parent should copy from the child (RFC 7477 §2.1). */
export const csync: RDataForm = rdataForm<CsyncData>('CSYNC', {
  serial: uint32,
  flags: uint16,
  types: typeBitmap,
})
