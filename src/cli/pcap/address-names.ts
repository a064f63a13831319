// Names of pods, Services and nodes for the addresses of a capture.
import type { AddressNames } from '../../analysis/index.ts'
import type { ClusterFacts } from '../../doctor/facts/index.ts'

/** Collects which address belongs to what. Addresses of the host network are the node's. */
export function addressNames({
  pods,
  services,
  nodes,
}: Pick<ClusterFacts['objects'], 'nodes' | 'pods' | 'services'>): AddressNames {
  const names = new Map<string, string>()
  const serviceIps = new Set<string>()
  for (const { meta, podIPs } of pods) for (const ip of podIPs) names.set(ip, `${meta.namespace}/${meta.name}`)
  for (const { meta, internalIPs } of nodes) for (const ip of internalIPs) names.set(ip, `node/${meta.name}`)
  for (const { meta, clusterIPs } of services) {
    for (const ip of clusterIPs) {
      if (ip === 'None' || ip === '') continue
      names.set(ip, `svc ${meta.namespace}/${meta.name}`)
      serviceIps.add(ip)
    }
  }
  return { nameOf: (address) => names.get(address), isServiceIp: (address) => serviceIps.has(address) }
}
