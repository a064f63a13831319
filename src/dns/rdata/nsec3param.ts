import type { Nsec3ParamData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { uint16, uint8 } from './number-fields.ts'
import { hexWithLength } from './octet-fields.ts'

/** How a zone's names are hashed (RFC 5155 §4.2). */
export const nsec3param: RDataForm = rdataForm<Nsec3ParamData>('NSEC3PARAM', {
  hashAlgorithm: uint8,
  flags: uint8,
  iterations: uint16,
  salt: hexWithLength,
})
