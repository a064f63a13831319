// Where an upstream is configured and who asks it, as evidence: shared by the causes of the group.
import type { ClusterFacts } from '../../facts/index.ts'
import { failureGrowth, formatEndpoint, listUpstreamUses, podsOnNode, usesNodeResolver } from '../../ladder/index.ts'
import type { Ladder, Rung, UpstreamUse } from '../../ladder/index.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, ObjectRef } from '../judgement.ts'
import { failedIds, findScrape, nodeNamed, objectRef, seconds } from '../support.ts'

/** `ADDRESS:PORT` -> where an upstream that speaks plain DNS is in use. */
export function usesByEndpoint(facts: ClusterFacts): Map<string, UpstreamUse[]> {
  const byEndpoint = new Map<string, UpstreamUse[]>()
  for (const use of listUpstreamUses(facts)) {
    if (!use.inEffect || use.scheme !== 'dns') continue
    const key = formatEndpoint(use)
    const own = byEndpoint.get(key)
    if (own === undefined) byEndpoint.set(key, [use])
    else own.push(use)
  }
  return byEndpoint
}

/** Failed health checks of an upstream that were counted while the ladder was climbed. */
export function counterLines(ladder: Ladder, to: string, uses: readonly UpstreamUse[]): EvidenceLine[] {
  return [...new Set(uses.flatMap(({ servers }) => servers.map(({ name }) => name)))].flatMap((server) => {
    const scrape = findScrape(ladder, server)
    const growth = scrape === undefined ? undefined : failureGrowth(scrape, to)
    if (scrape === undefined || growth === undefined || growth <= 0) return []
    return [line('observed', 'counter-grew', { server, to, growth, seconds: seconds(scrape.apartMs) })]
  })
}

/** Failed rungs at an upstream, over one transport where one is given, and at the servers that may have to wait for it. */
export function explainedByUpstream(
  ladder: Ladder,
  uses: readonly UpstreamUse[],
  servers: ReadonlySet<string>,
  transport?: 'tcp' | 'udp',
): string[] {
  const nodes = new Set(uses.map(({ node }) => node))
  const addresses = new Set(uses.map(({ address }) => address))
  const isForwarded = (rung: Rung): boolean =>
    rung.purpose === 'external' || (rung.purpose === 'asked' && rung.expected.kind === 'answer')
  const throughReplica = uses.some((use) => use.servers.some(({ kind }) => kind === 'replica'))
  return failedIds(ladder, (rung) => {
    if (rung.hop.kind === 'upstream') {
      const isOver = transport === undefined || rung.transport === transport
      return isOver && addresses.has(rung.hop.name) && nodes.has(rung.fromNode ?? '')
    }
    if (!isForwarded(rung) || rung.observed.kind === 'refused') return false
    return servers.has(rung.hop.name) || (rung.hop.kind === 'dns-service' && throughReplica)
  })
}

/** Where it is written down: the node's file with its position, or the Corefile with its line. */
export function placeOfUse(facts: ClusterFacts, use: UpstreamUse): EvidenceLine {
  const { source, position, count, node, address } = use
  if (source.kind === 'corefile') {
    return line('stated', 'in-corefile', { address, name: `${source.namespace}/${source.name}`, line: source.line })
  }
  const kubelet = nodeNamed(facts, node)?.kubelet.resolvConf
  return line('observed', 'in-file', {
    address,
    file: `${source.node}:${source.path}`,
    position,
    count,
    kubelet: kubelet?.from ?? '',
  })
}

/** Who asks it: servers of the cluster, pods with the node's resolver, and pods behind a node cache that asks it. */
export function describeUsers(facts: ClusterFacts, uses: readonly UpstreamUse[]): EvidenceLine[] {
  const servers = [...new Set(uses.flatMap((use) => use.servers.map(({ name }) => name)))]
  const pods = [...new Set(uses.flatMap((use) => use.pods))]
  const nodes = [...new Set(uses.map(({ node }) => node))]
  const cached = uses
    .filter((use) => use.servers.some(({ kind }) => kind === 'node-cache'))
    .flatMap(({ node }) => podsBehindCache(facts, node))
  const lines: EvidenceLine[] = []
  if (pods.length > 0) lines.push(feltByPods(facts, uses, pods))
  if (servers.length > 0) {
    lines.push(
      cached.length === 0
        ? line('computed', 'asked-by-servers', { nodes, servers })
        : line('computed', 'felt-by-servers', { count: cached.length, nodes, servers }),
    )
  }
  return lines
}

/** glibc asks nameservers in order: one that stands behind others is waited for only when those give no answer. */
function feltByPods(facts: ClusterFacts, uses: readonly UpstreamUse[], pods: readonly string[]): EvidenceLine {
  const nodes = [...new Set(uses.map(({ node }) => node))]
  const before = uses.flatMap(({ node, position }) =>
    (nodeNamed(facts, node)?.resolvConf?.conf.nameservers ?? []).slice(0, position - 1),
  )
  const values = { count: pods.length, nodes, pods }
  return before.length === 0
    ? line('computed', 'felt-by-pods-first', values)
    : line('computed', 'felt-by-pods-behind', { ...values, before: [...new Set(before)] })
}

/** The objects and files that a fix touches. */
export function objectsOfUses(uses: readonly UpstreamUse[]): ObjectRef[] {
  const sources = uses.map(({ source }): ObjectRef =>
    source.kind === 'file'
      ? { kind: 'File', namespace: '', name: `${source.node}:${source.path}` }
      : objectRef('ConfigMap', `${source.namespace}/${source.name}`, `Corefile:${source.line}`),
  )
  const servers = uses.flatMap((use) => use.servers.map(({ name }) => objectRef('Pod', name)))
  return [...new Map([...sources, ...servers].map((ref) => [`${ref.kind} ${ref.namespace}/${ref.name}`, ref])).values()]
}

/** Pods of a node whose queries its node cache takes: kubelet gives them the cache's address. */
function podsBehindCache(facts: ClusterFacts, node: string): string[] {
  const kubelet = nodeNamed(facts, node)?.kubelet
  const cacheIPs = new Set(facts.dns.nodeCaches.flatMap(({ localIPs }) => localIPs))
  if (kubelet === undefined || !kubelet.clusterDNS.value.some((address) => cacheIPs.has(address))) return []
  return podsOnNode(facts, node)
    .filter((pod) => pod.phase === 'Running' && pod.spec.dnsPolicy !== 'None')
    .filter((pod) => !usesNodeResolver(pod, kubelet))
    .map(({ meta }) => `${meta.namespace}/${meta.name}`)
}
