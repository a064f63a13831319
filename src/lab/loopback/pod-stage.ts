// What faults do to pods and what stays with them, the same in both grades of the lab.
import { keyOf } from '../cluster/raw-object.ts'
import type { FaultStage } from '../faults/fault.ts'
import type { PodChanges } from './pod-changes.ts'

/** Who runs the pods' programs. */
export interface StagedPods {
  readonly changes: PodChanges
  restart(namespace: string, name: string): Promise<void>
  crash(namespace: string, name: string, why: string): Promise<void>
}

type PodStage = Pick<
  FaultStage,
  'crashPod' | 'isCrashed' | 'overriddenFile' | 'overrideFile' | 'podReplaced' | 'recoverPod' | 'restartPod'
>

/** The part of the stage that changes pods. */
export function podStage(pods: StagedPods): PodStage {
  return {
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
  }
}
