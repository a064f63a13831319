// The asked name below search domains that kubelet leaves out, where it was not found under those that are kept.
import { lowerName, parseName } from '../../../dns/index.ts'
import { dnsRung } from '../make-rung.ts'
import { omittedSearchesOf, omittedSearchesOn } from '../omitted-searches.ts'
import type { PlannedRung } from '../plan-options.ts'
import { podHop } from '../upstream-uses.ts'
import type { FollowUp } from './follow-up.ts'

const MAX_OMITTED = 8

export const planOmittedSearches: FollowUp = ({ facts, rungs, options: { asked, origins } }) => {
  if (asked === undefined || asked.searched.length === 0) return []
  // A name that does not exist is denied as it should be: no rung fails, and it is not found all the same.
  const isFound = rungs.some(
    ({ purpose, observed }) => purpose === 'asked' && observed.kind === 'response' && observed.recordCount > 0,
  )
  if (isFound) return []
  const replica = facts.dns.replicas.find(({ ready, ips }) => ready && ips.length > 0)
  const origin = origins.find(({ node }) => node === replica?.node) ?? origins[0]
  if (replica === undefined || origin === undefined) return []
  const pods = origins.flatMap(({ place }) =>
    place.kind === 'pod'
      ? facts.objects.pods.filter(({ meta }) => meta.namespace === place.namespace && meta.name === place.name)
      : [],
  )
  const cut =
    pods.length > 0
      ? pods.map((pod) => omittedSearchesOf(facts, pod))
      : facts.nodes.map((node) => omittedSearchesOn(facts, node))
  const names = new Set(
    cut
      .flatMap((found) => found?.omitted ?? [])
      .map((suffix) => lowerName(parseName(asked.given) + parseName(suffix)))
      .slice(0, MAX_OMITTED),
  )
  return [...names].map((name): PlannedRung => {
    const expected = { kind: 'answer', mustExist: false } as const
    const to = { address: replica.ips[0] ?? '', port: 53 }
    const question = { purpose: 'suffix', name, type: asked.type, expected, variant: name } as const
    return dnsRung(podHop('replica', replica.pod), origin, to, 'udp', question)
  })
}
