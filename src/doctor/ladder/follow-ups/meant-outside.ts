// The asked name as it stands, where a search domain made a Service of it although it ends like a name of the world outside.
import { labelsOf, lowerName, parseName } from '../../../dns/index.ts'
import { TOP_LEVEL_DOMAINS } from '../../facts/index.ts'
import { dnsRung } from '../make-rung.ts'
import { podHop } from '../upstream-uses.ts'
import type { FollowUp } from './follow-up.ts'

export const planMeantOutside: FollowUp = ({ facts, options: { asked, origins } }) => {
  if (asked === undefined || !asked.inCluster || asked.searched.length === 0) return []
  const name = lowerName(parseName(asked.given))
  const labels = labelsOf(name)
  // A single label is no name of the world outside.
  if (labels.length < 2 || name === asked.name || !TOP_LEVEL_DOMAINS.has(labels.at(-1) ?? '')) return []
  const replica = facts.dns.replicas.find(({ ready, ips }) => ready && ips.length > 0)
  const origin = origins.find(({ node }) => node === replica?.node) ?? origins[0]
  if (replica === undefined || origin === undefined) return []
  const expected = { kind: 'answer', mustExist: false } as const
  const question = { purpose: 'outside', name, type: asked.type, expected } as const
  return [dnsRung(podHop('replica', replica.pod), origin, { address: replica.ips[0] ?? '', port: 53 }, 'udp', question)]
}
