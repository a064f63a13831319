import type { CaaData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { uint8 } from './number-fields.ts'
import { stringRest, word } from './string-fields.ts'

/** Who may issue certificates (RFC 8659 §4.1). */
export const caa: RDataForm = rdataForm<CaaData>('CAA', {
  flags: uint8,
  tag: word,
  value: stringRest,
})
