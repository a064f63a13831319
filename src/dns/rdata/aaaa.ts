import type { AaaaData } from '../message.ts'
import { ipv6 } from './address-fields.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'

/** A host's IPv6 address (RFC 3596 §2.2). */
export const aaaa: RDataForm = rdataForm<AaaaData>('AAAA', { address: ipv6 })
