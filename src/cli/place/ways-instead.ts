// What would work where a kubeconfig alone does not reach: in the order in which to try it, each with what it takes.
import type { Place } from '../../vantage/index.ts'

/** Where the DNS replicas run, as a rule. */
const DNS_NAMESPACE = 'kube-system'

/**
 * Lines for somebody who wants to ask from a pod or node and has a kubeconfig alone.
 *
 * @param node of the pod
 */
export function waysInstead(place: Exclude<Place, { kind: 'here' }>, node: string): readonly string[] {
  const isPod = place.kind === 'pod'
  const name = isPod ? `${place.namespace}/${place.name}` : `node/${place.name}`
  const ways = isPod
    ? [
        `--allow ephemeral: from a container that is added to the pod; it takes the rights patch pods/ephemeralcontainers and create, get pods/exec in ${place.namespace}`,
        `on ${node} as root: --in ${name}, or --pid PID or --netns PATH of the pod; it takes no rights in the cluster`,
      ]
    : [`on ${node} as root: --in ${name}; it takes no rights in the cluster`]
  const lines = [
    ...ways,
    `"fathom trace NAME --from ${name}": the DNS replicas over TCP by port-forward; it takes create, get pods/portforward in ${DNS_NAMESPACE}`,
  ]
  return lines.map((line, index) => `${index + 1}. ${line}`)
}
