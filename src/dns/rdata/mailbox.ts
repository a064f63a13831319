import type { MailboxData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { compressedName } from './name-fields.ts'

/** One name: MB, MD, MF, MG, MR (RFC 1035 §3.3.3 to §3.3.8). */
export function mailbox(type: MailboxData['type']): RDataForm {
  return rdataForm<MailboxData>(type, { dname: compressedName })
}
