// What makes a cluster feel an edit: the pods that read a file when they start are started anew.
import { textAt } from '../../cluster/raw-object.ts'
import { POD_TYPE } from '../../cluster/resource-types.ts'
import type { FaultStage } from '../fault.ts'
import { allNodeCaches } from './node-cache-args.ts'
import { coreDnsPods, podsWithNodeDns, restartPods } from './pods.ts'

/** Restarts the cluster's CoreDNS pods. */
export function restartCoreDns(stage: FaultStage): Promise<void> {
  return restartPods(stage, coreDnsPods(stage))
}

/** Restarts all node caches. */
export function restartNodeCaches(stage: FaultStage): Promise<void> {
  return restartPods(stage, allNodeCaches(stage))
}

/** Restarts what copies a node's resolv.conf when it starts. */
export function restartNodeDnsUsers(node: string): (stage: FaultStage) => Promise<void> {
  return (stage) => restartPods(stage, podsWithNodeDns(stage, node))
}

/** Restarts every pod of a node, as after a restart of its kubelet with other settings. */
export function restartPodsOf(node: string): (stage: FaultStage) => Promise<void> {
  return (stage) =>
    restartPods(
      stage,
      stage.store.list(POD_TYPE).filter((pod) => textAt(pod, 'spec', 'nodeName') === node),
    )
}
