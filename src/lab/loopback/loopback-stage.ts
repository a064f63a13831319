// What faults can change in a loopback lab.
import type { FaultStage } from '../faults/fault.ts'
import { keyOf } from '../cluster/raw-object.ts'
import type { LoopbackLab } from './loopback-lab.ts'

/** The stage that a lab in this process gives to faults. */
export function loopbackStage({ store, nodeFiles, pods, proxy }: LoopbackLab): FaultStage {
  return {
    store,
    nodeFiles,
    podStarted: ({ metadata }) => pods.whenStarted(metadata.namespace ?? 'default', metadata.name),
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
    setServiceRules: (node, present) => Promise.resolve(proxy.setRules(node, present)),
    hasServiceRules: (node) => Promise.resolve(proxy.hasRules(node)),
    kernel: undefined,
  }
}
