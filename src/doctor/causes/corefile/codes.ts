// The Corefile: what it says, and whether it is what runs.

export const COREFILE_CODES = [
  'forwarding-loop',
  'corefile-invalid',
  'corefile-not-reloaded',
  'corefile-directive-removed',
  'cluster-zone-overridden',
  'stub-domain-broken',
  'autopath-misidentifies-client',
  'forward-max-concurrent-exceeded',
  'dnsmasq-concurrent-query-limit',
  'stale-negative-cache',
  'stale-positive-cache',
  'large-response-lost',
] as const
