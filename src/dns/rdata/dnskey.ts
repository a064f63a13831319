import type { DnskeyData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { uint16, uint8 } from './number-fields.ts'
import { base64Rest } from './octet-fields.ts'

/** A zone's public key: DNSKEY (RFC 4034 §2.1), CDNSKEY (RFC 7344 §3.2), KEY (RFC 2535 §3.1). */
export function dnskey(type: DnskeyData['type']): RDataForm {
  return rdataForm<DnskeyData>(type, {
    flags: uint16,
    protocol: uint8,
    algorithm: uint8,
    publicKey: base64Rest,
  })
}
