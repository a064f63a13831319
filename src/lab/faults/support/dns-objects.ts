// Finding the objects that make DNS in a cluster: the Service, the node caches.
import { objectsAt, textAt, textsAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { POD_TYPE, SERVICE_TYPE } from '../../cluster/resource-types.ts'
import { LabError } from '../../cluster/lab-error.ts'
import type { FaultStage } from '../fault.ts'

/** The Service that carries the label of cluster DNS; undefined when the cluster has none. */
export function dnsService({ store }: FaultStage): RawObject | undefined {
  const services = store.list(SERVICE_TYPE).filter(({ metadata }) => metadata.labels?.['k8s-app'] === 'kube-dns')
  return services.find((candidate) => textAt(candidate, 'spec', 'clusterIP') !== 'None')
}

/** The node caches of one node, told by their image. */
export function nodeCachePods({ store }: FaultStage, node: string): RawObject[] {
  return store.list(POD_TYPE).filter((pod) => {
    const containers = objectsAt(pod, 'spec', 'containers')
    const isCache = containers.some((container) => /node-cache|node-local-dns/.test(textAt(container, 'image')))
    return isCache && textAt(pod, 'spec', 'nodeName') === node
  })
}

/** The first address that the node caches listen on. @throws {LabError} `not-supported` without any */
export function nodeCacheAddress(stage: FaultStage): string {
  const [pod] = stage.store
    .list(POD_TYPE)
    .flatMap((candidate) => nodeCachePods(stage, textAt(candidate, 'spec', 'nodeName')))
  const args = objectsAt(pod ?? {}, 'spec', 'containers').flatMap((container) => textsAt(container, 'args'))
  const address = args[args.indexOf('-localip') + 1]?.split(',')[0]
  if (pod === undefined || address === undefined) {
    throw new LabError('not-supported', 'Cannot inject the fault: the cluster has no node cache')
  }
  return address
}
