import type { Cause } from '../cause.ts'
import { tooManyNameservers } from './too-many-nameservers.ts'
import { upstreamDead } from './upstream-dead.ts'
import { upstreamsNotEquivalent } from './upstreams-not-equivalent.ts'

/** In the order of the catalogue. */
export const UPSTREAM_CAUSES: readonly Cause[] = [upstreamDead, upstreamsNotEquivalent, tooManyNameservers]
