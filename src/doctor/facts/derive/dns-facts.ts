// From objects to what they say about DNS: the cluster domain, the DNS Service, its replicas and Corefile, node caches,
// and servers that are none of these.
import type { ConfigMap } from '../../../kube/objects/index.ts'
import type { ClusterObjects } from '../../../kube/objects/index.ts'
import { clusterZoneOf } from '../../../route/index.ts'
import { corefileOfMap, corefileOfPod } from './corefile.ts'
import { findDnsServices } from './dns-service.ts'
import { findNodeCaches } from './node-caches.ts'
import { findReplicas, runsKubeDns } from './replicas.ts'
import type { CorefileFact, DnsFacts, DnsReplica, Known, OtherDnsServer } from '../facts.ts'

/** Addresses that clouds serve DNS on for pods, past any Service. */
const CLOUD_SERVERS: Readonly<Record<string, string>> = {
  '169.254.169.254': "the cloud's metadata server (GKE Cloud DNS)",
  '168.63.129.16': "Azure's resolver",
  '169.254.169.253': "the VPC's resolver (AWS)",
}

/**
 * Derives what the objects tell.
 *
 * @param handedOut addresses that kubelets are known to give to pods; empty before they were looked at
 */
export function deriveDns(objects: ClusterObjects, handedOut: readonly string[]): DnsFacts {
  const nodeCaches = findNodeCaches(objects)
  const cached = nodeCaches.flatMap(({ localIPs, upstreamIPs }) => [...localIPs, ...upstreamIPs])
  const given = [...handedOut, ...cached]
  const [service, ...otherServices] = findDnsServices(objects, given)
  const replicas = findReplicas(objects, service?.service)
  const corefile = clusterCorefile(objects, replicas)
  return {
    clusterDomain: clusterDomain(corefile),
    otherServices,
    replicas,
    nodeCaches,
    otherServers: otherServers(objects, {
      handedOut,
      known: [...(service?.clusterIPs ?? []), ...cached],
    }),
    ...(service === undefined ? {} : { service }),
    ...(corefile === undefined ? {} : { corefile }),
  }
}

function clusterCorefile(objects: ClusterObjects, replicas: readonly DnsReplica[]): CorefileFact | undefined {
  for (const { pod } of replicas) {
    const fact = corefileOfPod(pod.spec, pod.meta.namespace, objects.configMaps)
    if (fact !== undefined) return fact
  }
  const namespace = replicas[0]?.pod.meta.namespace ?? 'kube-system'
  const maps = objects.configMaps.filter(({ meta }) => meta.namespace === namespace).toSorted(byLikelihood)
  for (const map of maps) {
    const fact = likelihood(map) > 0 ? corefileOfMap(map, objects.configMaps) : undefined
    if (fact !== undefined) return fact
  }
  return undefined
}

/** Where no pod tells which ConfigMap it mounts, the names that distributions use do. */
function likelihood({ meta }: ConfigMap): number {
  if (meta.name === 'coredns') return 3
  if (/coredns/.test(meta.name) && !/autoscaler|custom/.test(meta.name)) return 2
  return meta.name === 'dns-default' ? 1 : 0
}

function byLikelihood(a: ConfigMap, b: ConfigMap): number {
  return likelihood(b) - likelihood(a)
}

function clusterDomain(corefile: CorefileFact | undefined): Known<string> {
  const zone = corefile && clusterZoneOf(corefile.blocks)
  if (corefile === undefined || zone === undefined) {
    return { value: 'cluster.local', origin: 'assumed', from: 'the default' }
  }
  const { namespace, name } = corefile.configMap
  return {
    value: zone.replace(/\.$/, ''),
    origin: 'stated',
    from: `ConfigMap ${namespace}/${name}, the kubernetes directive's first zone`,
  }
}

interface Addresses {
  readonly handedOut: readonly string[]
  readonly known: readonly string[]
}

function otherServers(objects: ClusterObjects, { handedOut, known }: Addresses): OtherDnsServer[] {
  const kubeDns = objects.pods.filter((pod) => pod.meta.namespace === 'kube-system' && runsKubeDns(pod))
  const strangers = [...new Set(handedOut)].filter((address) => !known.includes(address))
  return [
    ...(kubeDns.length === 0
      ? []
      : [
          {
            name: 'kube-dns (dnsmasq)',
            isKnown: true,
            addresses: kubeDns.flatMap((pod) => pod.podIPs),
            from: `pods ${kubeDns.map((pod) => pod.meta.name).join(', ')} in kube-system`,
          },
        ]),
    ...strangers.map((address) => ({
      name: CLOUD_SERVERS[address] ?? 'a server that no Service and no node cache explains',
      isKnown: address in CLOUD_SERVERS,
      addresses: [address],
      from: "kubelet's clusterDNS",
    })),
  ]
}
