// What the causes of the node cache look up.
import type { ClusterFacts, NodeCacheFact, NodeCachePod, NodeFacts } from '../../facts/index.ts'
import { sumSamples } from '../../ladder/index.ts'
import type { Ladder, Rung, Scrape } from '../../ladder/index.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement, ObjectRef, Subject } from '../judgement.ts'
import { askedRungs, findScrape, objectRef, qualifiedName, withoutNodeCache } from '../support.ts'

export function cacheName({ namespace, name }: NodeCacheFact): string {
  return `${namespace}/${name}`
}

/** Judges every node cache; a cluster without any has nothing to judge. */
export function judgeCaches(
  facts: ClusterFacts,
  judge: (cache: NodeCacheFact) => readonly Judgement[],
): readonly Judgement[] {
  const { nodeCaches } = facts.dns
  return nodeCaches.length === 0 ? [withoutNodeCache(facts)] : nodeCaches.flatMap(judge)
}

export function cacheSubject(cache: NodeCacheFact): Subject {
  return { kind: 'pod', name: cacheName(cache) }
}

export function cacheRef(cache: NodeCacheFact, field?: string): ObjectRef {
  return objectRef('DaemonSet', cacheName(cache), field)
}

/** The addresses that belong to the cache alone: a Service's may be among `-localip` as well. */
export function ownAddresses({ dns }: ClusterFacts, { localIPs }: NodeCacheFact): string[] {
  const services = new Set(dns.service?.clusterIPs)
  return localIPs.filter((address) => !services.has(address))
}

/** Nodes whose kubelet hands out one of the addresses. */
export function nodesGiven({ nodes }: ClusterFacts, addresses: readonly string[]): NodeFacts[] {
  return nodes.filter(({ kubelet }) => kubelet.clusterDNS.value.some((address) => addresses.includes(address)))
}

/** Whether kubelet's setting was seen, on the node or in the object that configures it. */
export function isKubeletSeen({ kubelet }: NodeFacts): boolean {
  return kubelet.clusterDNS.origin === 'observed' || kubelet.clusterDNS.origin === 'stated'
}

/** DNS questions put to the cache from a node, but those of pods on it. */
export function rungsAtCache(ladder: Ladder, node: string): Rung[] {
  return askedRungs(ladder).filter(
    ({ hop, from, fromNode, transport }) =>
      hop.kind === 'node-cache' && fromNode === node && from.kind !== 'pod' && transport !== 'http',
  )
}

export function podNameOf({ pod }: NodeCachePod): string {
  return qualifiedName(pod)
}

/** Why a pod is not ready: the state of its container, or its phase. */
export function stateOf({ pod }: NodeCachePod): string {
  return pod.containerStatuses.find(({ ready }) => !ready)?.state ?? pod.phase
}

/** `kubectl delete pod` for pods of one namespace. */
export function deletePods(pods: readonly NodeCachePod[]): string {
  const [first] = pods
  if (first === undefined) return ''
  const names = pods.slice(0, 5).map(({ pod }) => pod.meta.name)
  return `kubectl -n ${first.pod.meta.namespace} delete pod ${names.join(' ')}`
}

// --- Does anybody ask it? ---

const REQUESTS = 'coredns_dns_requests_total'
const LEAST_UPTIME_S = 600
/** Below it a cache is not in the way of its node's pods: a single pod asks more often. */
const FEW_PER_MINUTE = 1

/** What came to one cache, our own questions left out. */
export interface Traffic {
  readonly server: string
  readonly requests: number
  /** Minutes since its start; undefined where the metrics do not tell. */
  readonly minutes: number | undefined
  readonly isIdle: boolean
}

/** The traffic of a cache's pods whose metrics were read. */
export function trafficOf({ collectedAt }: ClusterFacts, ladder: Ladder, cache: NodeCacheFact): Traffic[] {
  return cache.pods.flatMap((pod) => {
    const server = podNameOf(pod)
    const scrape = findScrape(ladder, server)
    return scrape === undefined ? [] : [readTraffic(scrape, { server, ladder, now: Date.parse(collectedAt) / 1000 })]
  })
}

function readTraffic(
  { first }: Scrape,
  { server, ladder, now }: { readonly server: string; readonly ladder: Ladder; readonly now: number },
): Traffic {
  const asked = askedRungs(ladder).filter(({ hop, transport }) => hop.name === server && transport !== 'http')
  const own = asked.reduce((sum, { attempts }) => sum + attempts, 0)
  const requests = Math.max(0, (sumSamples(first, REQUESTS) ?? 0) - own)
  const started = sumSamples(first, 'process_start_time_seconds')
  const seconds = started === undefined ? undefined : Math.max(0, now - started)
  const isOld = seconds !== undefined && seconds >= LEAST_UPTIME_S
  const isIdle = isOld && requests / (seconds / 60) < FEW_PER_MINUTE
  return { server, requests, minutes: seconds === undefined ? undefined : Math.round(seconds / 60), isIdle }
}

export function trafficLines(traffic: readonly Traffic[]): EvidenceLine[] {
  return traffic
    .slice(0, 2)
    .map(({ server, requests, minutes }) =>
      line('observed', 'requests', { server, count: requests, minutes: minutes ?? '?' }),
    )
}

/** kube-proxy's mode, from its ConfigMap, its arguments, or a node's IPVS table. */
export function findProxyMode(
  { objects, dns }: ClusterFacts,
  ladder: Ladder,
): { readonly mode: string; readonly from: string } | undefined {
  const map = objects.configMaps.find(({ meta }) => meta.name === 'kube-proxy')
  const [, stated] = /^\s*mode:\s*"?(\w+)"?/m.exec(Object.values(map?.data ?? {}).join('\n')) ?? []
  if (map !== undefined && stated !== undefined) return { mode: stated, from: `ConfigMap ${qualifiedName(map)}` }
  const address = dns.service?.clusterIPs[0] ?? ''
  for (const { node = '', first } of ladder.kernels.read) {
    const isIpvs = 'services' in first.ipvs && first.ipvs.services.some((one) => one.address.address === address)
    if (isIpvs) return { mode: 'ipvs', from: `node ${node}` }
  }
  for (const pod of objects.pods) {
    if (!pod.meta.name.startsWith('kube-proxy')) continue
    const words = pod.spec.containers.flatMap(({ command, args }) => [...command, ...args])
    const [, mode] = /--proxy-mode[= ](\w+)/.exec(words.join(' ')) ?? []
    if (mode !== undefined) return { mode, from: `pod ${qualifiedName(pod)}` }
  }
  return undefined
}
