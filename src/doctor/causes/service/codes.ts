// The DNS Service and kube-proxy.

export const SERVICE_CODES = [
  'dns-service-no-endpoints',
  'dns-service-selector-mismatch',
  'service-ip-unreachable',
] as const
