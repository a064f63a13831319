// The pods that run CoreDNS as cluster DNS: those the DNS Service selects, and those it should.
import { matchesSelector, type ClusterObjects, type Pod, type Service } from '../../../kube/objects/index.ts'
import type { DnsReplica } from '../facts.ts'

const COREDNS_IMAGE = /(^|\/)(?:[^/@]*-)?coredns(:|@|$)/
const KUBE_DNS_IMAGE = /(^|\/)k8s-dns-(kube-dns|dnsmasq-nanny)/

/** Whether a pod runs kube-dns (dnsmasq), CoreDNS's predecessor. */
export function runsKubeDns(pod: Pod): boolean {
  return pod.spec.containers.some(({ image }) => KUBE_DNS_IMAGE.test(image))
}

/**
 * Pods with a CoreDNS image that the DNS Service selects, or that stand beside it in its namespace; sorted by name.
 *
 * Pods that ended (`Succeeded`, `Failed`) are left out. CoreDNS pods elsewhere belong to somebody else.
 */
export function findReplicas(objects: ClusterObjects, service: Service | undefined): DnsReplica[] {
  const namespace = service?.meta.namespace ?? 'kube-system'
  return objects.pods
    .filter((pod) => pod.meta.namespace === namespace && pod.phase !== 'Succeeded' && pod.phase !== 'Failed')
    .flatMap((pod): DnsReplica[] => {
      const selected = service?.selector !== undefined && matchesSelector(service.selector, pod.meta.labels)
      const container = dnsContainer(pod)
      if (container === undefined && !selected) return []
      const image = (container ?? pod.spec.containers[0])?.image ?? ''
      const version = /:v?(\d+\.\d+\.\d+)/.exec(image)?.[1]
      return [
        {
          pod,
          ips: pod.podIPs,
          node: pod.spec.nodeName,
          ready: pod.ready,
          image,
          selected,
          ...(version === undefined ? {} : { version }),
        },
      ]
    })
    .toSorted((a, b) => (a.pod.meta.name < b.pod.meta.name ? -1 : 1))
}

function dnsContainer(pod: Pod): Pod['spec']['containers'][number] | undefined {
  return pod.spec.containers.find(({ image }) => COREDNS_IMAGE.test(image))
}
