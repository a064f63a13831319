// A and AAAA from one socket, as glibc asks: kernels that lose one of two datagrams that race to be tracked lose it here alone.
import { parseName } from '../../../dns/index.ts'
import { formatEquivalent } from '../equivalent.ts'
import { dnsRung } from '../make-rung.ts'
import { MOST_PAIRS } from '../pair-tally.ts'
import { formatPlace } from '../rung.ts'
import type { Rung } from '../rung.ts'
import type { FollowUp } from './follow-up.ts'

/** Milliseconds that a pair waits: whatever is asked here was answered at once before. */
const TIMEOUT_MS = 1000

/**
 * Pairs at the DNS Service from every place that it, and every replica asked from there, answered the first time: where single
 * datagrams get lost as well, pairs tell nothing more.
 */
export const planPairs: FollowUp = ({ facts, rungs }) => {
  const udp = rungs.filter(({ transport, result }) => transport === 'udp' && result !== 'skipped')
  const name = `kubernetes.default.svc.${parseName(facts.dns.clusterDomain.value)}`
  return udp.flatMap((rung) => {
    const { hop, from, fromNode, to, purpose, result } = rung
    if (hop.kind !== 'dns-service' || purpose !== 'canary' || result !== 'ok') return []
    const beside = udp.filter((other) => formatPlace(other.from) === formatPlace(from) && isOwn(other))
    const replicas = beside.filter((other) => other.hop.kind === 'replica')
    if (replicas.length === 0 || beside.some((other) => other.result !== 'ok' || other.attempts > 1)) return []
    const origin = { place: from, ...(fromNode === undefined ? {} : { node: fromNode }) }
    // Not what comes matters, but that both come.
    const expected = { kind: 'answer', mustExist: false } as const
    const planned = dnsRung(hop, origin, to, 'udp', { purpose: 'pair', name, type: 'AAAA', expected })
    const question = { kind: 'dns', name, type: 'AAAA', besideType: 'A' } as const
    const equivalent = formatEquivalent(question, to, 'udp')
    return [{ ...planned, question, equivalent, timeoutsMs: Array.from({ length: MOST_PAIRS }, () => TIMEOUT_MS) }]
  })
}

/** What the Service and its replicas answer by themselves. */
function isOwn({ hop, purpose }: Rung): boolean {
  return (hop.kind === 'dns-service' || hop.kind === 'replica') && (purpose === 'canary' || purpose === 'version')
}
