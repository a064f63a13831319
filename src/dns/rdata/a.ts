import type { AData } from '../message.ts'
import { ipv4 } from './address-fields.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'

/** A host's IPv4 address (RFC 1035 §3.4.1). */
export const a: RDataForm = rdataForm<AData>('A', { address: ipv4 })
