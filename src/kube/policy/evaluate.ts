// What NetworkPolicies let pass, as their API defines it: a pod that no policy selects may do everything; one that some
// select may do what any of these admits. Pure; what a network plugin makes of it is another matter.
import { matchesLabelSelector } from '../objects/index.ts'
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyRule } from '../objects/index.ts'
import { containsAddress } from './cidr.ts'

export type Direction = 'Egress' | 'Ingress'

/** One end of the traffic: a pod, or an address outside the pod network (a node, a host-network pod, the internet). */
export interface Party {
  readonly addresses: readonly string[]
  /** Absent for addresses that podSelector and namespaceSelector cannot match: nodes and host-network pods. */
  readonly pod?: {
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
  }
}

export interface Traffic {
  readonly direction: Direction
  /** The other end. */
  readonly peer: Party
  /** `TCP` or `UDP`. */
  readonly protocol: string
  /** At the receiving pod, after translation. */
  readonly port: number
  /** Names that the receiving pod's containers give to that port and protocol. */
  readonly portNames?: readonly string[]
  /** Labels by namespace. */
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>
}

export interface Verdict {
  readonly isAdmitted: boolean
  /** The policies that select the pod for this direction; empty: nothing is restricted. */
  readonly policies: readonly NetworkPolicy[]
}

/** The policies of a direction that select a pod. */
export function policiesFor(
  policies: readonly NetworkPolicy[],
  pod: NonNullable<Party['pod']>,
  direction: Direction,
): NetworkPolicy[] {
  return policies.filter(
    ({ meta, podSelector, policyTypes }) =>
      meta.namespace === pod.namespace &&
      policyTypes.includes(direction) &&
      matchesLabelSelector(podSelector, pod.labels),
  )
}

/**
 * Whether policies that select a pod let it send to (`Egress`), or get from (`Ingress`), its peer.
 *
 * @param selecting what {@link policiesFor} gives; none restricts nothing
 */
export function admits(selecting: readonly NetworkPolicy[], traffic: Traffic): Verdict {
  const isAdmitted =
    selecting.length === 0 ||
    selecting.some((policy) =>
      (traffic.direction === 'Egress' ? policy.egress : policy.ingress).some((rule) =>
        admitsByRule(rule, policy.meta.namespace, traffic),
      ),
    )
  return { isAdmitted, policies: selecting }
}

function admitsByRule({ peers, ports }: NetworkPolicyRule, namespace: string, traffic: Traffic): boolean {
  const isPort = ports.length === 0 || ports.some((port) => matchesPort(port, traffic))
  return isPort && (peers.length === 0 || peers.some((peer) => matchesPeer(peer, namespace, traffic)))
}

function matchesPort(
  { protocol, port, endPort }: NetworkPolicyRule['ports'][number],
  { protocol: wanted, port: number, portNames = [] }: Traffic,
): boolean {
  if (protocol !== wanted) return false
  if (port === undefined) return true
  if (typeof port === 'string') return portNames.includes(port)
  return endPort === undefined ? port === number : port <= number && number <= endPort
}

function matchesPeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  namespace: string,
  { peer, namespaces }: Traffic,
): boolean {
  if (ipBlock !== undefined) {
    return peer.addresses.some(
      (address) =>
        containsAddress(ipBlock.cidr, address) && !ipBlock.except.some((part) => containsAddress(part, address)),
    )
  }
  const { pod } = peer
  if (pod === undefined) return false
  const isNamespace =
    namespaceSelector === undefined
      ? pod.namespace === namespace
      : matchesLabelSelector(namespaceSelector, namespaces.get(pod.namespace) ?? {})
  return isNamespace && (podSelector === undefined || matchesLabelSelector(podSelector, pod.labels))
}
