// The pods that run CoreDNS.

export const COREDNS_PODS_CODES = [
  'dns-pods-pending',
  'replicas-on-one-node',
  'coredns-out-of-memory',
  'coredns-cpu-throttled',
  'api-server-unreachable',
  'endpointslice-access-forbidden',
  'readiness-probe-on-health',
  'lameduck-missing-or-too-long',
  'replica-answers-differ',
  'coredns-sockets-exhausted',
] as const
