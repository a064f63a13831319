import type { SrvData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { plainName } from './name-fields.ts'
import { uint16 } from './number-fields.ts'

/** The location of a service (RFC 2782); its target must not be compressed. */
export const srv: RDataForm = rdataForm<SrvData>('SRV', {
  priority: uint16,
  weight: uint16,
  port: uint16,
  target: plainName,
})
