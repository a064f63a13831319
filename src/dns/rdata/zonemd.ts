import type { ZonemdData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { uint32, uint8 } from './number-fields.ts'
import { hexRest } from './octet-fields.ts'

/** The digest of a zone's content (RFC 8976 §2.2). */
export const zonemd: RDataForm = rdataForm<ZonemdData>('ZONEMD', {
  serial: uint32,
  scheme: uint8,
  hashAlgorithm: uint8,
  digest: hexRest,
})
