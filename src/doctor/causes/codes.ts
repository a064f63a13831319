// The codes that this program can judge, in the catalogue's order: group by group. Codes are stable; they name the check,
// its page, its fixtures and the finding in every output.

export const CAUSE_GROUPS = {
  service: ['dns-service-no-endpoints', 'dns-service-selector-mismatch', 'service-ip-unreachable'],
  'coredns-pods': ['dns-pods-pending', 'replicas-on-one-node', 'replica-answers-differ'],
  upstream: ['upstream-dead', 'upstreams-not-equivalent', 'too-many-nameservers'],
  records: ['headless-service-no-endpoints', 'statefulset-service-name-wrong', 'pod-name-is-not-a-service'],
} as const

export type CauseGroup = keyof typeof CAUSE_GROUPS
export type CauseCode = (typeof CAUSE_GROUPS)[CauseGroup][number]

/** Every code, in the order in which ties between equal explanations are decided. */
export const CAUSE_CODES: readonly CauseCode[] = Object.values(CAUSE_GROUPS).flat()
