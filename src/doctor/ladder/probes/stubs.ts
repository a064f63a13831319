// Zones with upstreams of their own: each is asked through a replica.
import { isDefaultForward, listForwards } from '../forwards.ts'
import { dnsRung } from '../make-rung.ts'
import { podHop } from '../upstream-uses.ts'
import type { Probe } from './probe.ts'

/** The SOA of every zone that the Corefile forwards elsewhere than by default; the root of the query is the zone itself. */
export const probeStubs: Probe = (facts, { origins }) => {
  const replica = facts.dns.replicas.find(({ ready, ips }) => ready && ips.length > 0)
  const origin = origins.find(({ node }) => node === replica?.node) ?? origins[0]
  if (replica === undefined || origin === undefined) return []
  const forwards = listForwards(facts.dns.corefile?.blocks ?? []).filter((forward) => !isDefaultForward(forward))
  const zones = new Set(forwards.flatMap(({ from, zones: own }) => (from === '.' ? own : [from])))
  return [...zones]
    .filter((zone) => zone !== '.' && !zone.endsWith('arpa.'))
    .map((zone) => {
      const expected = { kind: 'answer', mustExist: false } as const
      const question = { purpose: 'stub', name: zone, type: 'SOA', expected, variant: zone } as const
      const to = { address: replica.ips[0] ?? '', port: 53 }
      return dnsRung(podHop('replica', replica.pod), origin, to, 'udp', question)
    })
}
