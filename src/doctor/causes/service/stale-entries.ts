// Entries of connection tables that still lead to CoreDNS pods that are gone: conntrack's and IPVS's alike.
import type { ClusterFacts } from '../../facts/index.ts'
import type { Ladder } from '../../ladder/index.ts'
import { failedIds } from '../support.ts'

/** One entry. */
export interface StaleEntry {
  readonly node: string
  /** `ADDRESS:PORT`. */
  readonly client: string
  /** The Service IP. */
  readonly service: string
  /** The pod address that is gone. */
  readonly dead: string
}

/** The DNS Service's addresses that kube-proxy translates: not those that a node cache listens on. */
export function translatedAddresses({ dns }: ClusterFacts): Set<string> {
  const cached = new Set(dns.nodeCaches.flatMap(({ localIPs }) => localIPs))
  return new Set((dns.service?.clusterIPs ?? []).filter((address) => !cached.has(address)))
}

/** Addresses that the Service may lead to: endpoints in whatever state, and the Service's own. */
export function livingAddresses({ dns }: ClusterFacts): Set<string> {
  const endpoints = (dns.service?.slices ?? []).flatMap((slice) =>
    slice.endpoints.flatMap(({ addresses }) => addresses),
  )
  return new Set([
    ...endpoints,
    ...(dns.service?.clusterIPs ?? []),
    ...dns.nodeCaches.flatMap(({ localIPs }) => localIPs),
  ])
}

/** UDP to the Service IP that was lost from the entries' nodes. */
export function lostBeside(ladder: Ladder, entries: readonly StaleEntry[]): string[] {
  const nodes = new Set(entries.map(({ node }) => node))
  return failedIds(
    ladder,
    ({ hop, transport, fromNode = '', observed }) =>
      hop.kind === 'dns-service' && transport === 'udp' && nodes.has(fromNode) && observed.kind !== 'response',
  )
}
