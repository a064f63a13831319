// The command that changes what a group of pods is made from.
import type { PodGroup } from './pod-settings.ts'

/** Patches the pods' template; a pod without an owner has to be made again by hand. */
export function workloadPatch({ pods }: PodGroup, spec: object): string {
  const [first] = pods
  if (first === undefined) return ''
  const { namespace, name, owner } = first.meta
  const workload = owner === undefined ? undefined : workloadOf(owner)
  if (workload === undefined) return `kubectl -n ${namespace} get pod ${name} -o yaml   # spec: ${JSON.stringify(spec)}`
  return `kubectl -n ${namespace} patch ${workload} -p '${JSON.stringify({ spec: { template: { spec } } })}'`
}

/** What a group of pods is made from, as kubectl names it: `deployment/web`, else the first pod itself. */
export function workloadOfGroup({ pods }: PodGroup): { readonly namespace: string; readonly workload: string } {
  const [first] = pods
  if (first === undefined) return { namespace: 'default', workload: '' }
  const { namespace, name, owner } = first.meta
  return { namespace, workload: (owner === undefined ? undefined : workloadOf(owner)) ?? `pod/${name}` }
}

/** A ReplicaSet belongs to a Deployment whose name it carries, with a hash. */
function workloadOf({ kind, name }: { readonly kind: string; readonly name: string }): string | undefined {
  switch (kind) {
    case 'ReplicaSet':
      return `deployment/${name.replace(/-[a-z0-9]+$/, '')}`
    case 'DaemonSet':
    case 'Deployment':
    case 'StatefulSet':
      return `${kind.toLowerCase()}/${name}`
    default:
      return undefined
  }
}
