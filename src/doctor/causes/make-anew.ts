// Pods that took over a file or a setting when they were made, and have to be made anew to lose it.
import type { Pod } from '../../kube/objects/index.ts'
import { qualifiedName } from './support.ts'

/** Longest list of pods that a command names; more are left to the reader. */
const MAX_NAMED = 6

/**
 * Names, as `namespace/name`, of those among pods that a controller makes anew when they are deleted; one without, or kubelet's own,
 * would be gone for good.
 */
export function replaceable(pods: readonly Pod[]): string[] {
  return pods.filter(({ meta }) => meta.owner !== undefined && meta.owner.kind !== 'Node').map(qualifiedName)
}

/** One command a namespace that deletes pods, given as `namespace/name`. */
export function deletePods(pods: readonly string[]): string[] {
  const byNamespace = new Map<string, string[]>()
  for (const pod of pods) {
    const [namespace = '', name = ''] = pod.split('/')
    byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), name])
  }
  return [...byNamespace].map(([namespace, names]) => {
    const rest = names.length > MAX_NAMED ? `   # + ${names.length - MAX_NAMED}` : ''
    return `kubectl -n ${namespace} delete pod ${names.slice(0, MAX_NAMED).join(' ')}${rest}`
  })
}
