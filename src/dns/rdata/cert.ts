import type { CertData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { certificateType, securityAlgorithm } from './mnemonic-fields.ts'
import { uint16 } from './number-fields.ts'
import { base64Rest } from './octet-fields.ts'

/** A certificate (RFC 4398 §2). */
export const cert: RDataForm = rdataForm<CertData>('CERT', {
  certificateType,
  keyTag: uint16,
  algorithm: securityAlgorithm,
  certificate: base64Rest,
})
