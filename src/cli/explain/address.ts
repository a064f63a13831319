// Everything in the cluster that has an address: Services, endpoints, pods, nodes, node caches, upstreams.
import type { ClusterFacts } from '../../doctor/facts/index.ts'
import { canonicalAddress } from '../../kube/schema/index.ts'
import { MAX_NAMESERVERS } from '../../route/index.ts'
import type { AddressFacts, AddressHolder } from './explanation.ts'

/** Finds the holders of an address, the most telling kind first: Service, pod, node, endpoint of a Service. */
export function explainAddress(facts: ClusterFacts, text: string): AddressFacts {
  const address = canonicalAddress(text)
  const same = (other: string): boolean => canonicalAddress(other) === address
  const holders = [
    ...servicesAt(facts, same),
    ...cachesAt(facts, same),
    ...nodesAt(facts, same),
    ...podsAt(facts, same),
    ...endpointsAt(facts, same),
    ...upstreamsAt(facts, same),
  ]
  return { address, holders }
}

type Same = (address: string) => boolean

function servicesAt({ objects, dns }: ClusterFacts, same: Same): AddressHolder[] {
  return objects.services.flatMap((service): AddressHolder[] => {
    const { namespace, name } = service.meta
    const place = { namespace, name }
    const isDns = dns.service?.service === service
    const found: AddressHolder[] = []
    if (service.clusterIPs.some(same)) {
      const text = isDns ? 'cluster IP of the DNS Service itself' : 'cluster IP, virtual: kube-proxy picks an endpoint'
      found.push({ kind: 'Service', ...place, text })
    }
    if (service.externalIPs.some(same)) found.push({ kind: 'Service', ...place, text: 'external IP of the Service' })
    if (service.loadBalancerAddresses.some(({ ip }) => ip !== undefined && same(ip))) {
      found.push({ kind: 'LoadBalancer', ...place, text: 'address of its load balancer, which has no PTR record here' })
    }
    return found
  })
}

function cachesAt({ dns }: ClusterFacts, same: Same): AddressHolder[] {
  return dns.nodeCaches
    .filter(({ localIPs }) => localIPs.some(same))
    .map(({ namespace, name, pods }) => ({
      kind: 'NodeCache',
      namespace,
      name,
      text: `the node cache listens on it, on each of ${pods.length} nodes`,
    }))
}

function nodesAt({ objects }: ClusterFacts, same: Same): AddressHolder[] {
  return objects.nodes
    .filter(({ internalIPs }) => internalIPs.some(same))
    .map(({ meta }) => ({ kind: 'Node', namespace: '', name: meta.name, text: 'address of the node' }))
}

function podsAt({ objects }: ClusterFacts, same: Same): AddressHolder[] {
  return objects.pods
    .filter((pod) => pod.podIPs.some(same) && pod.phase !== 'Succeeded' && pod.phase !== 'Failed')
    .map(({ meta, spec, ready }) => ({
      kind: 'Pod',
      namespace: meta.namespace,
      name: meta.name,
      text: `on ${spec.nodeName}, ${ready ? 'ready' : 'not ready'}${spec.hostNetwork ? ', shares the address of its node' : ''}`,
    }))
}

function endpointsAt({ objects }: ClusterFacts, same: Same): AddressHolder[] {
  return objects.endpointSlices.flatMap((slice) =>
    slice.endpoints.flatMap((endpoint, at): AddressHolder[] => {
      if (!endpoint.addresses.some(same) || slice.service === '') return []
      const state = endpoint.ready ? 'ready' : endpoint.terminating ? 'terminating' : 'not ready'
      const hostname = endpoint.hostname === undefined ? 'no hostname' : `hostname "${endpoint.hostname}"`
      const text = `endpoint of the Service, ${state}, ${hostname} (EndpointSlice ${slice.meta.name}: endpoints[${at}])`
      return [{ kind: 'Endpoint', namespace: slice.meta.namespace, name: slice.service, text }]
    }),
  )
}

function upstreamsAt({ nodes }: ClusterFacts, same: Same): AddressHolder[] {
  return nodes.flatMap(({ name, resolvConf }): AddressHolder[] => {
    const at = resolvConf?.conf.nameservers.findIndex(same) ?? -1
    if (resolvConf === undefined || at < 0) return []
    const cut = at >= MAX_NAMESERVERS ? `, cut off: kubelet keeps the first ${MAX_NAMESERVERS}` : ''
    return [
      { kind: 'Upstream', namespace: '', name, text: `nameserver ${at + 1} in ${resolvConf.path} of the node${cut}` },
    ]
  })
}
