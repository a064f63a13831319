// The pods that run CoreDNS.

export const COREDNS_PODS_CODES = ['dns-pods-pending', 'replicas-on-one-node', 'replica-answers-differ'] as const
