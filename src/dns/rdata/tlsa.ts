import type { TlsaData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { uint8 } from './number-fields.ts'
import { hexRest } from './octet-fields.ts'

/** A certificate association: TLSA (RFC 6698 §2.1), SMIMEA (RFC 8162 §2). */
export function tlsa(type: TlsaData['type']): RDataForm {
  return rdataForm<TlsaData>(type, {
    usage: uint8,
    selector: uint8,
    matchingType: uint8,
    associationData: hexRest,
  })
}
