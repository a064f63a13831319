// Finding and changing the pods that faults are about.
import { matchesSelector } from '../../../kube/objects/index.ts'
import { objectsAt, textAt, valueAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { POD_TYPE } from '../../cluster/resource-types.ts'
import type { FaultStage } from '../fault.ts'

/** The CoreDNS pods that serve the cluster, told by their image. */
export function coreDnsPods({ store }: FaultStage): RawObject[] {
  return store.list(POD_TYPE).filter((pod) => hasImage(pod, /(^|\/)coredns[:@]/))
}

/** Pods of a namespace with these labels. */
export function podsLabeled(
  { store }: FaultStage,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): RawObject[] {
  return store.list(POD_TYPE, namespace).filter((pod) => matchesSelector(labels, pod.metadata.labels ?? {}))
}

/** Pods of a node whose resolv.conf comes from the node's file: dnsPolicy Default, or hostNetwork with ClusterFirst. */
export function podsWithNodeDns({ store }: FaultStage, node: string): RawObject[] {
  return store.list(POD_TYPE).filter((pod) => {
    if (textAt(pod, 'spec', 'nodeName') !== node) return false
    const policy = textAt(pod, 'spec', 'dnsPolicy') || 'ClusterFirst'
    return policy === 'Default' || (policy === 'ClusterFirst' && valueAt(pod, 'spec', 'hostNetwork') === true)
  })
}

/** Restarts pods, all at a time. */
export async function restartPods(stage: FaultStage, pods: readonly RawObject[]): Promise<void> {
  await Promise.all(pods.map((pod) => stage.restartPod(pod)))
}

/** Lets pods that a fault crashed run again, all at a time. */
export async function recoverPods(stage: FaultStage, pods: readonly RawObject[]): Promise<void> {
  await Promise.all(pods.map((pod) => stage.recoverPod(pod)))
}

function hasImage(pod: RawObject, pattern: RegExp): boolean {
  return objectsAt(pod, 'spec', 'containers').some((container) => pattern.test(textAt(container, 'image')))
}
