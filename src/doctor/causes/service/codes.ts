// The DNS Service and kube-proxy.

export const SERVICE_CODES = [
  'dns-service-no-endpoints',
  'dns-service-selector-mismatch',
  'unexpected-dns-service-name',
  'internal-traffic-policy-local',
  'service-ip-unreachable',
  'mixed-iptables-backends',
  'stale-udp-conntrack',
  'ipvs-stale-udp-connections',
  'bridge-netfilter-disabled',
  'node-cache-wrong-source',
  'application-service-no-endpoints',
] as const
