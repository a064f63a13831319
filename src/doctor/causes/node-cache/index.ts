import type { Cause } from '../cause.ts'
import { nodeCacheAddressMismatch } from './node-cache-address-mismatch.ts'
import { nodeCacheBindFailed } from './node-cache-bind-failed.ts'
import { nodeCacheBypassedByCilium } from './node-cache-bypassed-by-cilium.ts'
import { nodeCacheBypassedUnderIpvs } from './node-cache-bypassed-under-ipvs.ts'
import { nodeCacheDown } from './node-cache-down.ts'
import { nodeCacheForceTcpBlocked } from './node-cache-force-tcp-blocked.ts'
import { nodeCacheRulesInconsistent } from './node-cache-rules-inconsistent.ts'
import { nodeCacheUpstreamServiceMissing } from './node-cache-upstream-service-missing.ts'
import { nodeCacheUpstreamsOverridden } from './node-cache-upstreams-overridden.ts'
import { securityGroupsBypassNodeCache } from './security-groups-bypass-node-cache.ts'

/** In the order of the catalogue. */
export const NODE_CACHE_CAUSES: readonly Cause[] = [
  nodeCacheDown,
  nodeCacheBindFailed,
  nodeCacheAddressMismatch,
  nodeCacheBypassedUnderIpvs,
  nodeCacheRulesInconsistent,
  nodeCacheUpstreamServiceMissing,
  nodeCacheForceTcpBlocked,
  nodeCacheUpstreamsOverridden,
  nodeCacheBypassedByCilium,
  securityGroupsBypassNodeCache,
]
