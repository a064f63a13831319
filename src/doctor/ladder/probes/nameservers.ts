// The servers that pods really ask, where these are none of the cluster's known ones: rule zero of the ladder.
import { MAX_NAMESERVERS } from '../../../route/index.ts'
import { podResolvConfOf } from '../../facts/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import { dnsRungs } from '../make-rung.ts'
import type { Origin, PlanOptions, PlannedRung } from '../plan-options.ts'
import { askedQuestion, canaryQuestion, externalQuestion } from '../questions.ts'
import type { Hop } from '../rung.ts'
import type { Probe } from './probe.ts'

/** kubelet's clusterDNS from each node, and the nameservers of each pod that is asked from. */
export const probeNameservers: Probe = (facts, options) =>
  options.origins.flatMap((origin) => planNameservers(facts, options, origin))

function planNameservers(facts: ClusterFacts, options: PlanOptions, origin: Origin): PlannedRung[] {
  return askNameservers(facts, options, { origin, ...nameserversOf(facts, origin) })
}

export interface Nameservers {
  readonly origin: Origin
  readonly addresses: readonly string[]
  /** Whether they are meant to know the cluster's names. */
  readonly asksCluster: boolean
}

/** The questions to nameservers that are none of the cluster's known ones. */
export function askNameservers(
  facts: ClusterFacts,
  options: PlanOptions,
  { origin, addresses, asksCluster }: Nameservers,
): PlannedRung[] {
  const known = knownAddresses(facts)
  const asked = askedQuestion(options)
  const questions = [
    ...(asksCluster ? [canaryQuestion(facts, options)] : []),
    externalQuestion(options),
    ...(asked === undefined ? [] : [asked]),
  ]
  return addresses
    .filter((address) => !known.has(address))
    .flatMap((address) => {
      const hop: Hop = { kind: 'nameserver', name: address }
      return dnsRungs(hop, origin, { address, port: 53 }, questions)
    })
}

/** The addresses that pods of a place ask. */
function nameserversOf(facts: ClusterFacts, { place }: Origin): Omit<Nameservers, 'origin'> {
  if (place.kind === 'node') {
    const node = facts.nodes.find(({ name }) => name === place.name)
    return { addresses: node?.kubelet.clusterDNS.value.slice(0, MAX_NAMESERVERS) ?? [], asksCluster: true }
  }
  const pod =
    place.kind === 'pod'
      ? facts.objects.pods.find(({ meta }) => meta.namespace === place.namespace && meta.name === place.name)
      : undefined
  if (pod === undefined) return { addresses: [], asksCluster: false }
  const { conf, dnsPolicy } = podResolvConfOf(facts, pod)
  return { addresses: conf.nameservers, asksCluster: dnsPolicy !== 'Default' }
}

/** Addresses that other rungs of the same place already ask. */
function knownAddresses({ dns }: ClusterFacts): ReadonlySet<string> {
  return new Set([...(dns.service?.clusterIPs ?? []), ...dns.nodeCaches.flatMap(({ localIPs }) => localIPs)])
}
