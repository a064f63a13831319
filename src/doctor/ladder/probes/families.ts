// Upstreams that drop or deny AAAA queries: they are asked for both families of the external name.
import { dnsRung } from '../make-rung.ts'
import type { Hop } from '../rung.ts'
import { listUpstreamUses } from '../upstream-uses.ts'
import type { Probe } from './probe.ts'

/** AAAA beside the A query that every upstream gets; once for each upstream and node. */
export const probeFamilies: Probe = (facts, { origins, externalName }) => {
  const seen = new Set<string>()
  return listUpstreamUses(facts).flatMap((use) => {
    const origin = origins.find(({ node }) => node === use.node)
    const key = `${use.node} ${use.address} ${use.port}`
    if (origin === undefined || seen.has(key) || !use.inEffect || use.scheme !== 'dns') return []
    seen.add(key)
    const hop: Hop = { kind: 'upstream', name: use.address }
    const expected = { kind: 'answer', mustExist: false } as const
    const question = { purpose: 'families', name: externalName, type: 'AAAA', expected } as const
    return [dnsRung(hop, origin, { address: use.address, port: use.port }, 'udp', question)]
  })
}
