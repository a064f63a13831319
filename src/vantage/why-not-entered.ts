// Whether a pod has a network namespace at all, by what the API server says of it.
import type { Pod } from '../kube/objects/index.ts'

const LONGEST_MESSAGE = 200

/** Why nothing can be asked from a pod, wherever one stands: it waits, or it has ended. Undefined for one that has a place. */
export function whyNotEntered({ meta, spec, phase, podIPs, conditions }: Pod): string | undefined {
  const named = `pod ${meta.namespace}/${meta.name}`
  if (phase === 'Succeeded' || phase === 'Failed') return `${named} has ended (${phase}): its network namespace is gone`
  if (spec.nodeName === '') {
    const said = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')?.message ?? ''
    const detail = said.trim().replaceAll(/\s+/g, ' ').slice(0, LONGEST_MESSAGE)
    const waits = `${named} is Pending: no network namespace yet; no node runs it`
    return detail === '' ? waits : `${waits}: ${detail}`
  }
  // What was written by hand or cut down may lack a status.
  if (phase !== 'Pending' || podIPs.length > 0) return undefined
  return `${named} is Pending: no network namespace yet; node ${spec.nodeName} has not started it`
}
