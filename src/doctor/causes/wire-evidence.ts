// What captures add to the proof of causes: a pattern that points to a cause is one more line of its evidence.
import type { Ladder } from '../ladder/index.ts'
import { formatPlace } from '../ladder/index.ts'
import type { CauseCode } from './codes.ts'
import type { EvidenceLine, Judgement } from './judgement.ts'
import { line } from './judgement.ts'

/** Reports show the first five lines: the wire's stands among them, behind what proves the cause. */
const POSITION = 3
const MAX_LINES = 2

/** Causes and the patterns that point to them (docs/patterns); codes that are patterns too point to themselves. */
const PATTERNS: Readonly<Partial<Record<CauseCode, readonly string[]>>> = {
  'bridge-netfilter-disabled': ['unexpected-source'],
  'client-udp-ports-exhausted': ['source-ports-exhausted'],
  'cluster-dns-wrong-address': ['nameserver-unresponsive', 'service-rejected'],
  'conntrack-race': ['conntrack-race'],
  'cross-node-traffic-broken': ['tunnel-blocked', 'tunnel-port-mismatch', 'endpoint-unresponsive'],
  'dns-pods-pending': ['service-rejected'],
  'dns-service-no-endpoints': ['service-rejected'],
  'dns-service-selector-mismatch': ['service-rejected'],
  'host-firewall-or-forwarding': ['firewall-rejected'],
  'internal-traffic-policy-local': ['service-rejected', 'nameserver-unresponsive'],
  'large-response-lost': [
    'large-response-lost',
    'fragments-lost',
    'mtu-black-hole',
    'fragmentation-needed',
    'tcp-53-blocked',
  ],
  'network-policy-blocks-egress': ['firewall-rejected', 'tcp-53-blocked', 'udp-53-blocked', 'nameserver-unresponsive'],
  'network-policy-misses-node-cache': ['nameserver-unresponsive'],
  'node-cache-bind-failed': ['server-not-listening'],
  'node-cache-down': ['server-not-listening', 'nameserver-unresponsive'],
  'node-cache-wrong-source': ['unexpected-source'],
  'service-ip-unreachable': ['endpoint-unresponsive', 'nameserver-unresponsive'],
  'stale-udp-conntrack': ['endpoint-unresponsive', 'nameserver-unresponsive'],
  'udp-53-blocked': ['udp-53-blocked'],
  'vxlan-port-blocked': ['tunnel-blocked', 'tunnel-port-mismatch'],
}

/** Adds what was on the wire to what was found. */
export function withWireEvidence(
  code: CauseCode,
  judgements: readonly Judgement[],
  { captures = [] }: Ladder,
): readonly Judgement[] {
  const pointing = PATTERNS[code]
  if (pointing === undefined || captures.length === 0) return judgements
  const lines: EvidenceLine[] = captures.flatMap(({ place, patterns }) =>
    patterns
      .filter((pattern) => pattern.kind === 'fault' && pointing.includes(pattern.code))
      .map((pattern) =>
        line('observed', 'on-the-wire', {
          place: formatPlace(place),
          pattern: pattern.code,
          count: pattern.count,
          subject: pattern.subject,
        }),
      ),
  )
  if (lines.length === 0) return judgements
  return judgements.map((judgement) => {
    if (judgement.status !== 'proven' && judgement.status !== 'suspected') return judgement
    const evidence = [...judgement.evidence]
    evidence.splice(Math.min(POSITION, evidence.length), 0, ...lines.slice(0, MAX_LINES))
    return { ...judgement, evidence }
  })
}
