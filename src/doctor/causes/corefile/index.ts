import type { Cause } from '../cause.ts'
import { corefileDirectiveRemoved } from './corefile-directive-removed.ts'
import { corefileInvalid } from './corefile-invalid.ts'
import { corefileNotReloaded } from './corefile-not-reloaded.ts'
import { forwardingLoop } from './forwarding-loop.ts'

/** In the order of the catalogue. */
export const COREFILE_CAUSES: readonly Cause[] = [
  forwardingLoop,
  corefileInvalid,
  corefileNotReloaded,
  corefileDirectiveRemoved,
]
