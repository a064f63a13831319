// Names of pods, Services and nodes for the addresses of a capture.
import type { AddressNames } from '../../analysis/index.ts'
import type { ClusterFacts } from '../../doctor/facts/index.ts'
import type { Io } from '../command.ts'
import { openSource } from '../sources.ts'
import type { SourceOptions } from '../sources.ts'

/**
 * Reads the names where a source of facts is given: a capture is often read far from its cluster.
 *
 * @returns undefined when none is given
 * @throws what {@link openSource} throws
 */
export async function loadNames(options: SourceOptions, io: Io): Promise<AddressNames | undefined> {
  const { kubeconfig, manifests, lab, context } = options
  if (kubeconfig === undefined && manifests === undefined && lab === undefined && context === undefined)
    return undefined
  const source = await openSource(options, io, { kinds: ['nodes', 'pods', 'services'] })
  await source.close()
  return addressNames(source.facts.objects)
}

/** Collects which address belongs to what. Addresses of the host network are the node's. */
function addressNames({
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
