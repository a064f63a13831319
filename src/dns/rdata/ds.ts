import type { DsData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { uint16, uint8 } from './number-fields.ts'
import { hexRest } from './octet-fields.ts'

/** The digest of a child zone's key: DS (RFC 4034 §5.1), CDS (RFC 7344 §3.1), DLV (RFC 4431). */
export function ds(type: DsData['type']): RDataForm {
  return rdataForm<DsData>(type, {
    keyTag: uint16,
    algorithm: uint8,
    digestType: uint8,
    digest: hexRest,
  })
}
