// The asked name as a client without EDNS gets it, where the response is large: what does not fit is cut off.
import { dnsRung } from '../make-rung.ts'
import type { PlannedRung } from '../plan-options.ts'
import type { FollowUp } from './follow-up.ts'

/** Octets that a client without EDNS takes over UDP (RFC 1035 §4.2.1). */
export const PLAIN_SIZE = 512
/** Fewer records fit whatever they hold, but for a few TXT records. */
const MANY = 8

/** Once for each server that pods ask, from one place. */
export const planPlainSize: FollowUp = ({ rungs }) => {
  const seen = new Set<string>()
  return rungs.flatMap((rung): PlannedRung[] => {
    const { hop, from, fromNode, to, transport, purpose, question, observed } = rung
    const isLarge = observed.kind === 'response' && (observed.tc || observed.recordCount >= MANY)
    const isPodSide = hop.kind === 'dns-service' || hop.kind === 'node-cache' || hop.kind === 'nameserver'
    if (purpose !== 'asked' || transport !== 'udp' || question.kind !== 'dns' || !isLarge || !isPodSide) return []
    if (seen.has(to.address)) return []
    seen.add(to.address)
    const origin = { place: from, ...(fromNode === undefined ? {} : { node: fromNode }) }
    const { name, type } = question
    const expected = { kind: 'answer', mustExist: true } as const
    const planned = { purpose: 'large', name, type, expected, udpPayloadSize: PLAIN_SIZE, variant: 'plain' } as const
    return [dnsRung(hop, origin, to, 'udp', planned)]
  })
}
