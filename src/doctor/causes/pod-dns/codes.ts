// kubelet's and pods' DNS settings.

export const POD_DNS_CODES = [
  'cluster-dns-unset',
  'cluster-dns-wrong-address',
  'cluster-domain-mismatch',
  'host-network-cluster-first',
  'dns-policy-none-incomplete',
  'dns-policy-default-inherits-node',
  'pod-resolv-conf-outdated',
  'ndots-query-amplification',
  'wildcard-search-domain',
  'namespace-shadows-tld',
  'host-aliases-shadow-dns',
  'short-name-other-namespace',
] as const
