import type { MinfoData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { compressedName } from './name-fields.ts'

/** The mailboxes of a mailing list (RFC 1035 §3.3.7). */
export const minfo: RDataForm = rdataForm<MinfoData>('MINFO', {
  rmailbx: compressedName,
  emailbx: compressedName,
})
