import type { DnameData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { plainName } from './name-fields.ts'

/** The name that a whole subtree is redirected to (RFC 6672 §2.1). */
export const dname: RDataForm = rdataForm<DnameData>('DNAME', {
  target: plainName,
})
