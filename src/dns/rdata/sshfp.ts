import type { SshfpData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { uint8 } from './number-fields.ts'
import { hexRest } from './octet-fields.ts'

/** The fingerprint of an SSH host key (RFC 4255 §3.1). */
export const sshfp: RDataForm = rdataForm<SshfpData>('SSHFP', {
  algorithm: uint8,
  fingerprintType: uint8,
  fingerprint: hexRest,
})
