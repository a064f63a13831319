import type { Nsec3Data } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { uint16, uint8 } from './number-fields.ts'
import { base32HexWithLength, hexWithLength } from './octet-fields.ts'
import { typeBitmap } from './type-bitmap.ts'

/** The next hashed name of a zone and the types that exist (RFC 5155 §3.2). */
export const nsec3: RDataForm = rdataForm<Nsec3Data>('NSEC3', {
  hashAlgorithm: uint8,
  flags: uint8,
  iterations: uint16,
  salt: hexWithLength,
  nextHashedOwnerName: base32HexWithLength,
  types: typeBitmap,
})
