import type { OctetsData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { base64Rest } from './octet-fields.ts'

/** Octets shown as base64: OPENPGPKEY (RFC 7929 §2.3), DHCID (RFC 4701 §3). */
export function octets(type: OctetsData['type']): RDataForm {
  return rdataForm<OctetsData>(type, {
    octets: base64Rest,
  })
}
