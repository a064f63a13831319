// Whether a pod has a network namespace at all, by what the API server says of it.
import type { ClusterEvent, Pod } from '../kube/objects/index.ts'

const LONGEST_MESSAGE = 200

/**
 * Why nothing can be asked from a pod, wherever one stands: it waits, or it has ended. Undefined for one that has a place.
 *
 * @param events where the reason is looked for that a node has for not starting it
 */
export function whyNotEntered(pod: Pod, events: readonly ClusterEvent[] = []): string | undefined {
  const { meta, spec, phase, podIPs, conditions } = pod
  const named = `pod ${meta.namespace}/${meta.name}`
  if (phase === 'Succeeded' || phase === 'Failed') return `${named} has ended (${phase}): its network namespace is gone`
  if (spec.nodeName === '') {
    const said = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')?.message ?? ''
    const detail = cut(said)
    const waits = `${named} is Pending: no network namespace yet; no node runs it`
    return detail === '' ? waits : `${waits}: ${detail}`
  }
  // What was written by hand or cut down may lack a status.
  if (phase !== 'Pending' || podIPs.length > 0) return undefined
  const detail = whyNotStarted(pod, events)
  const waits = `${named} is Pending: no network namespace yet; node ${spec.nodeName} has not started it`
  return detail === '' ? waits : `${waits}: ${detail}`
}

/** The last warning about the pod, else what its containers wait for; empty where nothing is said. */
function whyNotStarted({ meta, containerStatuses }: Pod, events: readonly ClusterEvent[]): string {
  const [warning] = events
    .filter(({ type, regarding }) => type === 'Warning' && regarding.kind === 'Pod' && isNamed(regarding, meta))
    .toSorted((a, b) => (b.lastSeen ?? '').localeCompare(a.lastSeen ?? ''))
  if (warning !== undefined) return cut(`${warning.reason}: ${warning.message}`)
  const waiting = containerStatuses.find(({ state }) => state.startsWith('waiting:'))
  return waiting === undefined ? '' : `container ${waiting.name} waits: ${waiting.state.slice('waiting:'.length)}`
}

function isNamed(one: Named, other: Named): boolean {
  return one.namespace === other.namespace && one.name === other.name
}

interface Named {
  readonly namespace: string
  readonly name: string
}

function cut(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ').slice(0, LONGEST_MESSAGE)
}
