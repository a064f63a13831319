// NetworkPolicies held against the DNS servers that pods ask: who may ask whom, by the objects alone.
import type { NetworkPolicy, Pod } from '../../../kube/objects/index.ts'
import { admits, policiesFor } from '../../../kube/policy/index.ts'
import type { Direction, Party } from '../../../kube/policy/index.ts'
import { nodeDnsOf, podResolvConfOf } from '../../facts/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'

const DNS_PORT = 53
/** The API server puts this label on every namespace, from Kubernetes 1.21 on. */
export const NAME_LABEL = 'kubernetes.io/metadata.name'
const FIRST_WITH_NAME_LABEL = 21

export interface PolicyView {
  readonly byNamespace: ReadonlyMap<string, readonly NetworkPolicy[]>
  /** Labels by namespace. */
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>
}

const views = new WeakMap<ClusterFacts, PolicyView>()

/** Policies and labels by namespace; made once for the same facts. */
export function policyView(facts: ClusterFacts): PolicyView {
  const known = views.get(facts)
  if (known !== undefined) return known
  const byNamespace = new Map<string, NetworkPolicy[]>()
  for (const policy of facts.objects.networkPolicies) {
    const own = byNamespace.get(policy.meta.namespace)
    if (own === undefined) byNamespace.set(policy.meta.namespace, [policy])
    else own.push(policy)
  }
  const isOld = (facts.serverVersion?.minor ?? FIRST_WITH_NAME_LABEL) < FIRST_WITH_NAME_LABEL
  const namespaces = new Map(
    facts.objects.namespaces.map(({ meta }) => [
      meta.name,
      // Objects in a dump that somebody wrote may lack it.
      isOld ? meta.labels : { [NAME_LABEL]: meta.name, ...meta.labels },
    ]),
  )
  const view = { byNamespace, namespaces }
  views.set(facts, view)
  return view
}

/** The policies of a direction that select a pod; a pod on the host network is out of their reach. */
export function selectingPolicies(facts: ClusterFacts, pod: Pod, direction: Direction): NetworkPolicy[] {
  if (pod.spec.hostNetwork) return []
  const own = policyView(facts).byNamespace.get(pod.meta.namespace) ?? []
  return policiesFor(own, pod.meta, direction)
}

/** A pod as one end of traffic. */
export function partyOf(pod: Pod, more: readonly string[] = []): Party {
  const addresses = [...pod.podIPs, ...more]
  return pod.spec.hostNetwork
    ? { addresses }
    : { addresses, pod: { namespace: pod.meta.namespace, labels: pod.meta.labels } }
}

export type Protocol = 'TCP' | 'UDP'

export interface Port {
  readonly number: number
  /** Names that containers give to it. */
  readonly names: readonly string[]
}

/** The port at which a CoreDNS pod gets queries: of the Service's endpoints, 53 as a rule, 5353 in OpenShift. */
export function dnsPortOf({ dns }: ClusterFacts, pod: Pod, protocol: Protocol): Port {
  const names =
    dns.service?.service.ports
      .filter((port) => port.protocol === protocol && port.port === DNS_PORT)
      .map(({ name }) => name) ?? []
  const slicePorts = (dns.service?.slices ?? []).flatMap(({ ports }) => ports)
  const found = slicePorts.find((port) => port.protocol === protocol && names.includes(port.name))
  const number = found?.port ?? DNS_PORT
  const containerPorts = pod.spec.containers.flatMap(({ ports }) => ports)
  return {
    number,
    names: containerPorts
      .filter((port) => port.containerPort === number && port.protocol === protocol)
      .map(({ name }) => name),
  }
}

/** A server that a pod asks, and which transports the pod's egress policies let through. */
export interface EgressView {
  readonly pod: Pod
  readonly server: { readonly kind: 'cloud' | 'dns-service' | 'node-cache'; readonly address: string }
  readonly policies: readonly NetworkPolicy[]
  readonly udp: boolean
  readonly tcp: boolean
  /** Whether CoreDNS pods could be asked over UDP, were they asked. */
  readonly admitsReplicas: boolean
}

/** What policies make of the servers in a pod's resolv.conf; none when no egress policy selects it. */
export function egressViews(facts: ClusterFacts, pod: Pod): EgressView[] {
  const policies = selectingPolicies(facts, pod, 'Egress')
  if (policies.length === 0) return []
  const { conf } = podResolvConfOf(facts, pod)
  const given = new Set(nodeDnsOf(facts, pod.spec.nodeName).clusterDNS)
  const serviceIPs = new Set(facts.dns.service?.clusterIPs)
  const cacheIPs = new Set(facts.dns.nodeCaches.flatMap(({ localIPs }) => localIPs))
  const admitsReplicas = reachesReplicas(facts, policies, 'UDP')
  return conf.nameservers.flatMap((address): EgressView[] => {
    const kind = serviceIPs.has(address)
      ? 'dns-service'
      : cacheIPs.has(address)
        ? 'node-cache'
        : given.has(address)
          ? 'cloud'
          : undefined
    if (kind === undefined) return []
    const may = (protocol: Protocol): boolean =>
      kind === 'dns-service'
        ? reachesReplicas(facts, policies, protocol)
        : reachesAddress(facts, policies, { address, protocol })
    return [{ pod, server: { kind, address }, policies, udp: may('UDP'), tcp: may('TCP'), admitsReplicas }]
  })
}

/** Whether any CoreDNS pod is admitted, by its labels or its address, or the Service IP by its address. */
function reachesReplicas(facts: ClusterFacts, policies: readonly NetworkPolicy[], protocol: Protocol): boolean {
  const { namespaces } = policyView(facts)
  const { replicas, service } = facts.dns
  const selected = replicas.filter((replica) => replica.selected)
  const serviceIPs = service?.clusterIPs ?? []
  if (selected.length === 0) return true
  return selected.some(({ pod }) => {
    const { number, names } = dnsPortOf(facts, pod, protocol)
    const common = { direction: 'Egress', protocol, namespaces } as const
    return (
      admits(policies, { ...common, peer: partyOf(pod), port: number, portNames: names }).isAdmitted ||
      // Some plugins look at the address before it is translated.
      admits(policies, { ...common, peer: { addresses: serviceIPs }, port: DNS_PORT }).isAdmitted
    )
  })
}

function reachesAddress(
  facts: ClusterFacts,
  policies: readonly NetworkPolicy[],
  { address, protocol }: { readonly address: string; readonly protocol: Protocol },
): boolean {
  const { namespaces } = policyView(facts)
  return admits(policies, { direction: 'Egress', peer: { addresses: [address] }, protocol, port: DNS_PORT, namespaces })
    .isAdmitted
}
