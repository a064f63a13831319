// Which upstreams a cluster's resolvers ask, from which node, and who feels it when one of them fails. Facts only.
import { MAX_NAMESERVERS } from '../../route/index.ts'
import type { ClusterFacts, CorefileFact, KubeletFacts, NodeFacts } from '../facts/index.ts'
import type { Pod } from '../../kube/objects/index.ts'
import { isDefaultForward, listForwards } from './forwards.ts'
import type { Forward } from './forwards.ts'
import type { Hop } from './rung.ts'

/** Where an upstream is written down. */
export type UpstreamSource =
  | { readonly kind: 'file'; readonly node: string; readonly path: string; readonly from: string }
  | { readonly kind: 'corefile'; readonly namespace: string; readonly name: string; readonly line: number }

/** One upstream as one node's pods and servers have it. */
export interface UpstreamUse {
  readonly address: string
  readonly port: number
  readonly scheme: 'dns' | 'https' | 'tls'
  readonly node: string
  readonly source: UpstreamSource
  /** Place among the nameservers of the file or the targets of the directive, from 1. */
  readonly position: number
  /** How many stand there. */
  readonly count: number
  /** False for a nameserver that kubelet cuts off: no pod ever got it. */
  readonly inEffect: boolean
  /** Over what the servers that forward to it check its health. */
  readonly checkedOver: 'tcp' | 'udp'
  /** Replicas and node caches that forward to it. */
  readonly servers: readonly Hop[]
  /** Pods, as `namespace/name`, whose own resolver asks it: dnsPolicy Default, or hostNetwork with ClusterFirst. */
  readonly pods: readonly string[]
}

const listed = new WeakMap<ClusterFacts, readonly UpstreamUse[]>()
const podsOf = new WeakMap<ClusterFacts, ReadonlyMap<string, readonly Pod[]>>()

/** Lists the upstreams of every node, by node and in the order in which they stand there; once for the same facts. */
export function listUpstreamUses(facts: ClusterFacts): readonly UpstreamUse[] {
  const known = listed.get(facts) ?? computeUpstreamUses(facts)
  listed.set(facts, known)
  return known
}

/** The pods of a node; the index is made once for the same facts, which may hold tens of thousands. */
export function podsOnNode(facts: ClusterFacts, node: string): readonly Pod[] {
  let index = podsOf.get(facts)
  if (index === undefined) {
    const byNode = new Map<string, Pod[]>()
    for (const pod of facts.objects.pods) {
      const own = byNode.get(pod.spec.nodeName)
      if (own === undefined) byNode.set(pod.spec.nodeName, [pod])
      else own.push(pod)
    }
    podsOf.set(facts, byNode)
    index = byNode
  }
  return index.get(node) ?? []
}

function computeUpstreamUses(facts: ClusterFacts): UpstreamUse[] {
  const own = clusterAddresses(facts)
  return facts.nodes.flatMap((node) => {
    const servers = serversOn(facts, node.name)
    return [...fileUses(facts, node, servers), ...corefileUses(facts, node.name, servers)].filter(
      ({ address }) => !own.has(address),
    )
  })
}

/** Whether a pod's resolv.conf comes from its node (kubelet's `getPodDNSType`). */
export function usesNodeResolver(pod: Pod, kubelet: KubeletFacts): boolean {
  switch (pod.spec.dnsPolicy) {
    case 'None':
      return false
    case 'Default':
      return true
    case 'ClusterFirstWithHostNet':
      return kubelet.clusterDNS.value.length === 0
    default:
      return pod.spec.hostNetwork || kubelet.clusterDNS.value.length === 0
  }
}

interface ServerOnNode {
  readonly hop: Hop
  readonly pod: Pod
  readonly corefile: CorefileFact | undefined
}

function serversOn(facts: ClusterFacts, node: string): ServerOnNode[] {
  const replicas = facts.dns.replicas
    .filter((replica) => replica.node === node)
    .map(({ pod }) => ({ hop: podHop('replica', pod), pod, corefile: facts.dns.corefile }))
  const caches = facts.dns.nodeCaches.flatMap(({ pods, corefile }) =>
    pods.filter((cache) => cache.node === node).map(({ pod }) => ({ hop: podHop('node-cache', pod), pod, corefile })),
  )
  return [...replicas, ...caches]
}

/** The hop that a pod of a DNS server is. */
export function podHop(kind: 'node-cache' | 'replica', pod: Pod): Hop {
  return { kind, name: `${pod.meta.namespace}/${pod.meta.name}`, node: pod.spec.nodeName }
}

function fileUses(facts: ClusterFacts, node: NodeFacts, servers: readonly ServerOnNode[]): UpstreamUse[] {
  const { resolvConf } = node
  if (resolvConf === undefined) return []
  const forwarding = servers.filter(
    ({ pod, corefile }) => fileForward(corefile) !== undefined && usesNodeResolver(pod, node.kubelet),
  )
  const checkedOver = forwarding.length > 0 && forwarding.every(checksOverTcp) ? 'tcp' : 'udp'
  const isServer = new Set(servers.map(({ hop }) => hop.name))
  const pods = podsOnNode(facts, node.name)
    .filter((pod) => isAlive(pod) && usesNodeResolver(pod, node.kubelet))
    .map((pod) => `${pod.meta.namespace}/${pod.meta.name}`)
    .filter((name) => !isServer.has(name))
  const { nameservers } = resolvConf.conf
  return nameservers.map((address, index) => {
    const inEffect = index < MAX_NAMESERVERS
    return {
      address,
      port: 53,
      scheme: 'dns',
      node: node.name,
      source: { kind: 'file', node: node.name, path: resolvConf.path, from: resolvConf.from },
      position: index + 1,
      count: nameservers.length,
      inEffect,
      checkedOver,
      servers: inEffect ? forwarding.map(({ hop }) => hop) : [],
      pods: inEffect ? pods : [],
    }
  })
}

/** The directive that makes a server ask the nameservers of its resolv.conf. */
function fileForward(corefile: CorefileFact | undefined): Forward | undefined {
  return listForwards(corefile?.blocks ?? []).find(
    (forward) => isDefaultForward(forward) && forward.targets.some(({ kind }) => kind === 'file'),
  )
}

function checksOverTcp({ corefile }: ServerOnNode): boolean {
  return fileForward(corefile)?.checkedOver === 'tcp'
}

function corefileUses(facts: ClusterFacts, node: string, servers: readonly ServerOnNode[]): UpstreamUse[] {
  const byCorefile = new Map<CorefileFact, Hop[]>()
  for (const { hop, corefile } of servers) {
    if (corefile === undefined) continue
    byCorefile.set(corefile, [...(byCorefile.get(corefile) ?? []), hop])
  }
  return [...byCorefile].flatMap(([corefile, hops]) =>
    listForwards(corefile.blocks)
      .filter(isDefaultForward)
      .flatMap((forward) =>
        forward.targets.flatMap((target, index) =>
          target.kind === 'file'
            ? []
            : [
                {
                  address: target.text,
                  port: target.port,
                  scheme: target.scheme,
                  node,
                  source: {
                    kind: 'corefile' as const,
                    namespace: corefile.configMap.namespace,
                    name: corefile.configMap.name,
                    line: forward.line,
                  },
                  position: index + 1,
                  count: forward.targets.length,
                  inEffect: true,
                  checkedOver: forward.checkedOver,
                  servers: hops,
                  pods: [],
                },
              ],
        ),
      ),
  )
}

/** Addresses that are hops of the cluster's own and no upstreams, wherever they are written down. */
function clusterAddresses(facts: ClusterFacts): Set<string> {
  const { service, otherServices, replicas, nodeCaches } = facts.dns
  return new Set([
    ...[...(service === undefined ? [] : [service]), ...otherServices].flatMap(({ clusterIPs }) => clusterIPs),
    ...replicas.flatMap(({ ips }) => ips),
    ...nodeCaches.flatMap(({ localIPs, upstreamIPs }) => [...localIPs, ...upstreamIPs]),
  ])
}

function isAlive(pod: Pod): boolean {
  return pod.phase !== 'Succeeded' && pod.phase !== 'Failed'
}
