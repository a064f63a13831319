// What faults can change in a lab of namespaces.
import type { FaultStage } from '../faults/fault.ts'
import { keyOf } from '../cluster/raw-object.ts'
import { kernelStage } from './kernel-stage.ts'
import { connectInside } from './namespace-sockets.ts'
import type { NetnsLab } from './netns-lab.ts'

/** How long a connection may take, in milliseconds. */
const CONNECT_MS = 2000

/** The stage that a lab in this process gives to faults. */
export function netnsStage(lab: NetnsLab): FaultStage {
  const { store, network, nodeFiles, pods, proxy } = lab.parts
  return {
    store,
    nodeFiles,
    async podStarted({ metadata }) {
      await pods.settled()
      await pods.whenStarted(metadata.namespace ?? 'default', metadata.name)
    },
    restartPod: ({ metadata }) => pods.restart(metadata.namespace ?? 'default', metadata.name),
    crashPod: ({ metadata }, why) => pods.crash(metadata.namespace ?? 'default', metadata.name, why),
    isCrashed: (pod) => pods.changes.crashOf(keyOf(pod)) !== undefined,
    async recoverPod(pod) {
      const { name, namespace = 'default' } = pod.metadata
      if (pods.changes.setCrash(keyOf(pod), undefined)) await pods.restart(namespace, name)
    },
    overrideFile: (pod, file) => pods.changes.setFile(keyOf(pod), file),
    overriddenFile: (pod, path) => pods.changes.filesOf(keyOf(pod)).get(path),
    podReplaced: (from, to) => pods.changes.move(keyOf(from), keyOf(to)),
    setServiceRules: (node, present) => (present ? proxy.start(node) : proxy.removeRules(node)),
    hasServiceRules: (node) => proxy.hasRules(node),
    connect: (endpoint) => connectInside(network.topology.nodes[0]?.namespace ?? '', endpoint, CONNECT_MS),
    kernel: kernelStage(lab),
  }
}
