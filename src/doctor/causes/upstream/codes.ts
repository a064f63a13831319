// Upstreams and the node's resolv.conf.

export const UPSTREAM_CODES = [
  'upstream-dead',
  'upstreams-not-equivalent',
  'upstream-health-check-mismatch',
  'search-domain-servfail',
  'too-many-nameservers',
  'too-many-search-domains',
  'search-domain-is-dot',
  'resolv-conf-missing',
  'loopback-nameserver-in-pod',
  'resolver-packet-rate-limit',
] as const
