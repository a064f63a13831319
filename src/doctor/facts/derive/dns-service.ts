// Which Service is the cluster's DNS: found by what it serves, never by one name only (it is kube-dns, coredns,
// rke2-coredns-rke2-coredns, dns-default, …).
import type { ClusterObjects, Service } from '../../../kube/objects/index.ts'
import type { DnsServiceFact } from '../facts.ts'

const DNS_PORT = 53
const KNOWN_NAMES = /^(kube-dns|coredns|dns-default|rke2-coredns(-.*)?|.*-coredns)$/
/** node-cache's own Service for its upstream, and what charts make beside the main one. */
const SIDE_NAMES = /(-upstream|-nodelocal|-headless|-metrics)$/

/**
 * Every Service that looks like a cluster DNS Service, the likeliest first.
 *
 * Signs in the order of their weight: its address is one that kubelet gives to pods or node caches forward to; its label
 * `k8s-app=kube-dns`; its name; its selector picks CoreDNS pods. It must have port 53.
 *
 * @param given addresses that kubelets hand out or node caches forward to
 */
export function findDnsServices(objects: ClusterObjects, given: readonly string[]): DnsServiceFact[] {
  return objects.services
    .filter(
      (service) =>
        service.ports.some(({ port }) => port === DNS_PORT) && service.clusterIPs.some((ip) => ip !== 'None'),
    )
    .map((service) => ({ service, signs: signsOf(service, given) }))
    .filter(({ signs }) => signs.length > 0)
    .toSorted((a, b) => weight(b.signs) - weight(a.signs) || compare(a.service, b.service))
    .map(({ service, signs }) => ({
      service,
      foundBy: signs.map(({ text }) => text),
      clusterIPs: service.clusterIPs,
      slices: objects.endpointSlices.filter(
        (slice) => slice.meta.namespace === service.meta.namespace && slice.service === service.meta.name,
      ),
    }))
}

interface Sign {
  readonly text: string
  readonly weight: number
}

function signsOf(service: Service, given: readonly string[]): Sign[] {
  const { meta, clusterIPs } = service
  const address = clusterIPs.find((ip) => given.includes(ip))
  const signs: Sign[] = []
  if (address !== undefined) signs.push({ text: `pods or node caches are given its address ${address}`, weight: 8 })
  if (meta.labels['k8s-app'] === 'kube-dns') signs.push({ text: 'label k8s-app=kube-dns', weight: 4 })
  if (meta.labels['dns.operator.openshift.io/owning-dns'] === 'default') {
    signs.push({ text: 'label dns.operator.openshift.io/owning-dns=default', weight: 4 })
  }
  const isNamed = KNOWN_NAMES.test(meta.name) && !SIDE_NAMES.test(meta.name)
  if (isNamed && meta.namespace !== 'default') signs.push({ text: `name ${meta.name}`, weight: 3 })
  return SIDE_NAMES.test(meta.name) ? signs.map((sign) => ({ ...sign, weight: sign.weight / 4 })) : signs
}

function weight(signs: readonly Sign[]): number {
  return signs.reduce((sum, sign) => sum + sign.weight, 0)
}

function compare(a: Service, b: Service): number {
  const [left, right] = [`${a.meta.namespace}/${a.meta.name}`, `${b.meta.namespace}/${b.meta.name}`]
  return left < right ? -1 : left > right ? 1 : 0
}
