// From the facts to what the route needs: kubelet's settings of one node, and the cluster's DNS servers with what each of
// them reads at its start.
import type { Pod } from '../../kube/objects/index.ts'
import {
  computePodResolvConf,
  type NodeDns,
  type PodResolvConf,
  type RouteFacts,
  type RouteServer,
} from '../../route/index.ts'
import type { ClusterFacts, CorefileFact } from './facts.ts'

/** What kubelet of a node works with; an unknown node gets what the cluster's other nodes have in common. */
export function nodeDnsOf(facts: ClusterFacts, name: string): NodeDns {
  const known = facts.nodes.find((node) => node.name === name)
  const kubelet = (known ?? facts.nodes[0])?.kubelet
  const fallback = facts.dns.service?.clusterIPs.slice(0, 1) ?? []
  const text = known?.resolvConf?.text
  return {
    node: name,
    clusterDNS: kubelet?.clusterDNS.value ?? fallback,
    clusterDNSFrom: kubelet?.clusterDNS.from ?? "the DNS Service's address (kubelet's configuration was not seen)",
    clusterDomain: kubelet?.clusterDomain.value ?? facts.dns.clusterDomain.value,
    resolvConfPath: kubelet?.resolvConf.value ?? '/etc/resolv.conf',
    kubeletVersion: kubelet?.version ?? '',
    ...(known?.node === undefined
      ? {}
      : { nodeIPs: known.node.internalIPs, operatingSystem: known.node.operatingSystem }),
    ...(text === undefined ? {} : { resolvConfText: text }),
  }
}

/** The resolv.conf that kubelet gives to a pod of this cluster. */
export function podResolvConfOf(facts: ClusterFacts, pod: Pod): PodResolvConf {
  return computePodResolvConf(pod, nodeDnsOf(facts, pod.spec.nodeName))
}

/** The cluster's DNS servers for `routeQuery`. */
export function routeFactsOf(facts: ClusterFacts): RouteFacts {
  const { service, replicas, corefile, nodeCaches } = facts.dns
  const serverOf = (pod: Pod, own: CorefileFact | undefined): RouteServer => {
    const file = podResolvConfOf(facts, pod)
    const isWhole = file.unseen === undefined || file.effective === 'ClusterFirst'
    return {
      namespace: pod.meta.namespace,
      pod: pod.meta.name,
      node: pod.spec.nodeName,
      ips: pod.podIPs,
      ready: pod.ready,
      blocks: own?.blocks ?? [],
      ...(isWhole ? { resolvConf: file.conf } : {}),
    }
  }
  return {
    replicas: replicas.filter(({ selected }) => selected).map(({ pod }) => serverOf(pod, corefile)),
    nodeCaches: nodeCaches.flatMap((cache) =>
      cache.pods.map(({ pod }) => ({
        ...serverOf(pod, cache.corefile),
        localIPs: cache.localIPs,
        upstreamIPs: cache.upstreamIPs,
      })),
    ),
    ...(service === undefined
      ? {}
      : {
          service: {
            namespace: service.service.meta.namespace,
            name: service.service.meta.name,
            clusterIPs: service.clusterIPs,
          },
        }),
  }
}
