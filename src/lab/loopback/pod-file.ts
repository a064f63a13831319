// The files that a pod of a loopback lab has.
import { mountedConfigMaps } from '../cluster/pod-files.ts'
import type { ObjectStore } from '../cluster/object-store.ts'
import { objectsAt } from '../cluster/raw-object.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import type { PodRunner } from './pod-runner.ts'

interface PodFileSource {
  readonly store: ObjectStore
  /** Absent while the lab starts. */
  readonly pods: PodRunner | undefined
}

/** What a pod shows at a path; undefined when it has no such file. */
export function readPodFile({ store, pods }: PodFileSource, pod: RawObject, path: string): string | undefined {
  if (path === '/etc/resolv.conf') return pods?.resolvConf(pod)
  const files = objectsAt(pod, 'spec', 'containers').flatMap((container) => mountedConfigMaps(store, pod, container))
  return files.find((file) => file.path === path)?.read()
}
