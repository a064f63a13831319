import type { PtrData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { compressedName } from './name-fields.ts'

/** A pointer to another name, for addresses to their names (RFC 1035 §3.3.12). */
export const ptr: RDataForm = rdataForm<PtrData>('PTR', {
  ptrdname: compressedName,
})
