// How the cluster's DNS reads a name, label by label: what the story's engineer did not know when a pod's name had no answer.
import { isSubdomain, labelsOf, lowerName, type DomainName } from '../../dns/index.ts'

/** Half a sentence with the pattern that a name of the cluster's zone is read by; null for names of no such shape. */
export function readAs(qname: DomainName, zones: readonly DomainName[]): string | null {
  const name = lowerName(qname)
  const zone = zones.find((each) => isSubdomain(name, each) && !each.endsWith('.arpa.'))
  if (zone === undefined) return null
  const labels = labelsOf(name).slice(0, labelsOf(name).length - labelsOf(zone).length)
  const kind = labels.at(-1)
  const [namespace = '', service = '', ...more] = labels.slice(0, -1).reverse()
  const front = more.reverse()
  if (kind === 'pod' && labels.length === 3) {
    return `ADDRESS.NAMESPACE.pod: a pod's address "${service}" in namespace "${namespace}"`
  }
  if (kind !== 'svc' || labels.length < 3) return null
  const place = `Service "${service}" in namespace "${namespace}"`
  const [first = '', second = ''] = front
  if (front.length === 0) return `SERVICE.NAMESPACE.svc: ${place}`
  if (front.length === 1) return `ENDPOINT.SERVICE.NAMESPACE.svc: endpoint "${first}" of ${place}`
  if (front.length === 2 && first.startsWith('_') && second.startsWith('_')) {
    return `_PORT._PROTOCOL.SERVICE.NAMESPACE.svc: port "${first.slice(1)}"/${second.slice(1).toUpperCase()} of ${place}`
  }
  return null
}
