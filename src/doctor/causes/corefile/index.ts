import type { Cause } from '../cause.ts'
import { autopathMisidentifiesClient } from './autopath-misidentifies-client.ts'
import { clusterZoneOverridden } from './cluster-zone-overridden.ts'
import { corefileDirectiveRemoved } from './corefile-directive-removed.ts'
import { corefileInvalid } from './corefile-invalid.ts'
import { corefileNotReloaded } from './corefile-not-reloaded.ts'
import { dnsmasqConcurrentQueryLimit } from './dnsmasq-concurrent-query-limit.ts'
import { forwardMaxConcurrentExceeded } from './forward-max-concurrent-exceeded.ts'
import { forwardingLoop } from './forwarding-loop.ts'
import { largeResponseLost } from './large-response-lost.ts'
import { staleNegativeCache } from './stale-negative-cache.ts'
import { stalePositiveCache } from './stale-positive-cache.ts'
import { stubDomainBroken } from './stub-domain-broken.ts'

/** In the order of the catalogue. */
export const COREFILE_CAUSES: readonly Cause[] = [
  forwardingLoop,
  corefileInvalid,
  corefileNotReloaded,
  corefileDirectiveRemoved,
  clusterZoneOverridden,
  stubDomainBroken,
  autopathMisidentifiesClient,
  forwardMaxConcurrentExceeded,
  dnsmasqConcurrentQueryLimit,
  staleNegativeCache,
  stalePositiveCache,
  largeResponseLost,
]
