import type { SvcbData } from '../message.ts'
import { rdataForm } from './form.ts'
import type { RDataForm } from './form.ts'
import { plainName } from './name-fields.ts'
import { uint16 } from './number-fields.ts'
import { svcParams } from './svc-params.ts'

/** A service binding: SVCB, HTTPS (RFC 9460 §2). */
export function svcb(type: SvcbData['type']): RDataForm {
  return rdataForm<SvcbData>(type, {
    priority: uint16,
    target: plainName,
    params: svcParams,
  })
}
