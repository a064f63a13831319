// A response that came in no size: the same question with room for the smallest datagram tells whether its size is the reason.
import { dnsRung } from '../make-rung.ts'
import type { PlannedRung } from '../plan-options.ts'
import type { Rung } from '../rung.ts'
import { formatPlace } from '../rung.ts'
import type { FollowUp } from './follow-up.ts'

/** What every path carries: a datagram of 512 octets (RFC 1035 section 2.3.4). */
const SMALLEST = 512

/** Plans again, with room for 512 octets, names that brought nothing over UDP where the same server answers small questions. */
export const planSmallDatagrams: FollowUp = ({ rungs }) => {
  const wayOf = (rung: Rung): string => `${rung.hop.name} ${rung.to.address} ${formatPlace(rung.from)}`
  const udp = rungs.filter(({ transport, question }) => transport === 'udp' && question.kind === 'dns')
  const open = new Set(udp.filter(({ purpose, result }) => purpose === 'canary' && result === 'ok').map(wayOf))
  const planned = udp
    .filter(({ purpose, observed }) => (purpose === 'asked' || purpose === 'large') && observed.kind === 'timeout')
    .filter((rung) => rung.expected.kind === 'records' && open.has(wayOf(rung)))
    .flatMap(askSmall)
  return [...new Map(planned.map((rung) => [rung.id, rung])).values()]
}

function askSmall({ hop, from, fromNode, to, question, expected }: Rung): PlannedRung[] {
  if (question.kind !== 'dns') return []
  const origin = { place: from, ...(fromNode === undefined ? {} : { node: fromNode }) }
  const { name, type } = question
  const small = { purpose: 'large', name, type, expected, udpPayloadSize: SMALLEST, variant: `${SMALLEST}` } as const
  return [dnsRung(hop, origin, to, 'udp', small)]
}
