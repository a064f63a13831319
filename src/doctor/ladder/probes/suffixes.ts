// Search domains that pods inherit from their nodes: one that answers to everything, or that fails, breaks short names.
import { isSubdomain, parseName } from '../../../dns/index.ts'
import type { DomainName } from '../../../dns/message.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import { dnsRung } from '../make-rung.ts'
import { podHop } from '../upstream-uses.ts'
import type { Probe } from './probe.ts'

/** No name that anybody would register: an answer to it is a wildcard's. */
export const MADE_UP = 'fathom-no-such-name-4711'
const MAX_SUFFIXES = 8

/** A made-up name below each inherited search domain, asked through a replica. */
export const probeSuffixes: Probe = (facts, { origins }) => {
  const replica = facts.dns.replicas.find(({ ready, ips }) => ready && ips.length > 0)
  const origin = origins.find(({ node }) => node === replica?.node) ?? origins[0]
  if (replica === undefined || origin === undefined) return []
  return inheritedSuffixes(facts)
    .slice(0, MAX_SUFFIXES)
    .map((suffix) => {
      const expected = { kind: 'answer', mustExist: false } as const
      const name = `${MADE_UP}.${suffix}`
      const question = { purpose: 'suffix', name, type: 'A', expected, variant: suffix } as const
      const to = { address: replica.ips[0] ?? '', port: 53 }
      return dnsRung(podHop('replica', replica.pod), origin, to, 'udp', question)
    })
}

/** Search domains of the nodes' files that are not the cluster's own; each once, in the order of the nodes. */
export function inheritedSuffixes(facts: ClusterFacts): DomainName[] {
  const domain = parseName(facts.dns.clusterDomain.value)
  const suffixes = facts.nodes.flatMap(({ resolvConf }) => resolvConf?.conf.searches ?? [])
  return [...new Set(suffixes.flatMap(readSuffix))].filter((suffix) => suffix !== '.' && !isSubdomain(suffix, domain))
}

function readSuffix(text: string): DomainName[] {
  try {
    return [parseName(text)]
  } catch {
    return []
  }
}
