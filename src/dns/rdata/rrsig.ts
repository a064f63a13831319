import type { RrsigData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { plainName } from './name-fields.ts'
import { rrType, timestamp, uint16, uint32, uint8 } from './number-fields.ts'
import { base64Rest } from './octet-fields.ts'

/** The signature of an RRset (RFC 4034 §3.1). */
export const rrsig: RDataForm = rdataForm<RrsigData>('RRSIG', {
  typeCovered: rrType,
  algorithm: uint8,
  labels: uint8,
  originalTtl: uint32,
  expiration: timestamp,
  inception: timestamp,
  keyTag: uint16,
  signerName: plainName,
  signature: base64Rest,
})
