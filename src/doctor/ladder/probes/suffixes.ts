// Search domains that pods inherit from their nodes: one that answers to everything, or that fails, breaks short names.
import { isSubdomain, parseName } from '../../../dns/index.ts'
import type { DomainName } from '../../../dns/message.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import { dnsRung } from '../make-rung.ts'
import type { Origin, PlannedRung } from '../plan-options.ts'
import { podHop } from '../upstream-uses.ts'
import type { Hop } from '../rung.ts'
import type { Probe } from './probe.ts'

/** No name that anybody would register: an answer to it is a wildcard's. */
export const MADE_UP = 'fathom-no-such-name-4711'
const MAX_SUFFIXES = 8

/** A made-up name below each search domain that pods have from elsewhere: at what its pods ask, and through a replica. */
export const probeSuffixes: Probe = (facts, { origins }) => {
  const replica = facts.dns.replicas.find(({ ready, ips }) => ready && ips.length > 0)
  const origin = origins.find(({ node }) => node === replica?.node) ?? origins[0]
  return suffixesFrom(facts, origins)
    .slice(0, MAX_SUFFIXES)
    .flatMap(({ suffix, node }) => {
      const expected = { kind: 'answer', mustExist: false } as const
      const question = {
        purpose: 'suffix',
        name: `${MADE_UP}.${suffix}`,
        type: 'A',
        expected,
        variant: suffix,
      } as const
      const ask = (hop: Hop, from: Origin, address: string): PlannedRung =>
        dnsRung(hop, from, { address, port: 53 }, 'udp', question)
      const own = origins.find((one) => one.node === node)
      const asked = own === undefined || node === undefined ? undefined : serverOf(facts, node)
      return [
        ...(own === undefined || asked === undefined ? [] : [ask(asked.hop, own, asked.address)]),
        ...(replica === undefined || origin === undefined
          ? []
          : [ask(podHop('replica', replica.pod), origin, replica.ips[0] ?? '')]),
      ]
    })
}

/** The known server that kubelet gives to pods of a node. */
function serverOf(
  { dns, nodes }: ClusterFacts,
  name: string,
): { readonly hop: Hop; readonly address: string } | undefined {
  const [address = ''] = nodes.find((node) => node.name === name)?.kubelet.clusterDNS.value ?? []
  for (const cache of dns.nodeCaches) {
    const pod = cache.pods.find(({ node }) => node === name)
    if (pod !== undefined && cache.localIPs.includes(address)) return { hop: podHop('node-cache', pod.pod), address }
  }
  const { service } = dns
  if (service?.clusterIPs.includes(address) !== true) return undefined
  const { namespace, name: own } = service.service.meta
  return { hop: { kind: 'dns-service', name: `${namespace}/${own}` }, address }
}

interface Suffix {
  readonly suffix: DomainName
  /** A node whose pods have it; undefined where none is asked from. */
  readonly node: string | undefined
}

/** Those of the nodes' files, and those that the pods which are asked from have of their own. */
function suffixesFrom(facts: ClusterFacts, origins: readonly Origin[]): Suffix[] {
  const asked = new Set(origins.map(({ node }) => node))
  const inherited = inheritedSuffixes(facts).map((suffix) => {
    const nodes = facts.nodes.filter(({ resolvConf }) => resolvConf?.conf.searches.flatMap(readSuffix).includes(suffix))
    return { suffix, node: nodes.find(({ name }) => asked.has(name))?.name }
  })
  const domain = parseName(facts.dns.clusterDomain.value)
  const own = origins.flatMap(({ place, node }) => {
    if (place.kind !== 'pod') return []
    const pod = facts.objects.pods.find(({ meta }) => meta.namespace === place.namespace && meta.name === place.name)
    return (pod?.spec.dnsConfig?.searches ?? [])
      .flatMap(readSuffix)
      .filter((suffix) => suffix !== '.' && !isSubdomain(suffix, domain))
      .map((suffix) => ({ suffix, node }))
  })
  return [...new Map([...own, ...inherited].map((one) => [one.suffix, one])).values()]
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
