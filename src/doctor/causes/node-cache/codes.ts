// Node-local cache.

export const NODE_CACHE_CODES = [
  'node-cache-down',
  'node-cache-bind-failed',
  'node-cache-address-mismatch',
  'node-cache-bypassed-under-ipvs',
  'node-cache-rules-inconsistent',
  'node-cache-upstream-service-missing',
  'node-cache-force-tcp-blocked',
  'node-cache-upstreams-overridden',
  'node-cache-bypassed-by-cilium',
  'security-groups-bypass-node-cache',
] as const
