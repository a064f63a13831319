import type { Cause } from '../cause.ts'
import { loopbackNameserverInPod } from './loopback-nameserver-in-pod.ts'
import { resolvConfMissing } from './resolv-conf-missing.ts'
import { resolverPacketRateLimit } from './resolver-packet-rate-limit.ts'
import { searchDomainIsDot } from './search-domain-is-dot.ts'
import { searchDomainServfail } from './search-domain-servfail.ts'
import { tooManyNameservers } from './too-many-nameservers.ts'
import { tooManySearchDomains } from './too-many-search-domains.ts'
import { upstreamDead } from './upstream-dead.ts'
import { upstreamHealthCheckMismatch } from './upstream-health-check-mismatch.ts'
import { upstreamsNotEquivalent } from './upstreams-not-equivalent.ts'

/** In the order of the catalogue. */
export const UPSTREAM_CAUSES: readonly Cause[] = [
  upstreamDead,
  upstreamsNotEquivalent,
  upstreamHealthCheckMismatch,
  searchDomainServfail,
  tooManyNameservers,
  tooManySearchDomains,
  searchDomainIsDot,
  resolvConfMissing,
  loopbackNameserverInPod,
  resolverPacketRateLimit,
]
