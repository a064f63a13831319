// Policies on the CoreDNS pods themselves: they keep clients out, or CoreDNS from the API server and its upstreams.
import type { NetworkPolicy, Pod } from '../../../kube/objects/index.ts'
import { admits } from '../../../kube/policy/index.ts'
import type { Party } from '../../../kube/policy/index.ts'
import type { DnsReplica } from '../../facts/index.ts'
import { formatPlace, listUpstreamUses } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, objectRef, podRef, qualifiedName } from '../support.ts'
import { dnsPortOf, partyOf, policyView, selectingPolicies } from './policy-view.ts'

export const networkPolicyBlocksCoredns: Cause = {
  code: 'network-policy-blocks-coredns',
  needs: ['dns-service', 'pods'],
  judge: (evidence) => [judge(evidence)],
}

/** Somebody who asks. */
interface Client {
  readonly name: string
  readonly party: Party
  readonly isFrom: (rung: Rung) => boolean
}

function judge(evidence: Evidence): Judgement {
  const { facts, ladder } = evidence
  if (facts.missing.some(({ what }) => what === 'networkPolicies')) return notChecked('not-checked.no-policies')
  const replicas = facts.dns.replicas.filter(({ selected }) => selected)
  const [replica] = replicas
  if (replica === undefined) return notChecked('not-checked.no-replicas')
  const ingress = selectingPolicies(facts, replica.pod, 'Ingress')
  const egress = selectingPolicies(facts, replica.pod, 'Egress')
  if (ingress.length === 0 && egress.length === 0)
    return excluded(line('observed', 'no-policies', { count: replicas.length }))
  const kept = keptOut(evidence, replica, ingress)
  const targets = cutFrom(evidence, replica, egress)
  if (kept.length === 0 && targets.length === 0) {
    return excluded(line('computed', 'admitted', { policies: [...ingress, ...egress].map(qualifiedName) }))
  }
  // A node always reaches its own pods: kubelet's probes must.
  const isForeign = ({ from, fromNode, hop }: Rung): boolean => from.kind === 'pod' || fromNode !== hop.node
  const contradicted = kept.filter(({ isFrom }) =>
    ladder.rungs.some(
      (rung) => isFrom(rung) && isForeign(rung) && isAtReplica(rung, replicas) && rung.observed.kind === 'response',
    ),
  )
  if (contradicted.length > 0 && targets.length === 0 && contradicted.length === kept.length) {
    return excluded(line('observed', 'not-enforced', { clients: contradicted.map(({ name }) => name).slice(0, 4) }))
  }
  const names = kept.filter((client) => !contradicted.includes(client)).map(({ name }) => name)
  const policies = [...(kept.length > 0 ? ingress : []), ...(targets.length > 0 ? egress : [])].map(qualifiedName)
  const isConcerned = evidence.pods.some((pod) => names.includes(qualifiedName(pod)))
  const { namespace } = replica.pod.meta
  return {
    status: 'proven',
    subject: { kind: 'service', name: facts.dns.service === undefined ? '' : qualifiedName(facts.dns.service.service) },
    objects: [
      ...policies.map((name) => objectRef('NetworkPolicy', name, 'spec')),
      ...replicas.map(({ pod }) => podRef(pod)),
    ],
    values: { policies, clients: names.slice(0, 6), count: names.length, targets: targets.map(({ name }) => name) },
    ...(names.length > 0 ? {} : { summary: 'egress' }),
    evidence: [
      line('stated', 'selected', { policies, count: replicas.length }),
      ...(names.length === 0
        ? []
        : [line('computed', 'kept-out', { clients: names.slice(0, 6), count: names.length })]),
      ...targets.map(({ name, detail }): EvidenceLine => line('computed', `no-way-to-${name}`, { address: detail })),
      ...failedLine(evidence, kept),
    ],
    fix: {
      key: 'network-policy-blocks-coredns',
      values: { policies },
      command: `kubectl -n ${namespace} apply -f - <<'EOF'\n${JSON.stringify(allowPolicy(evidence, replica))}\nEOF`,
    },
    isFault: isConcerned,
    explains: explained(
      evidence,
      kept,
      targets.map(({ name }) => name),
    ),
  }
}

// --- Who is kept out, what is out of reach ---

function keptOut(evidence: Evidence, { pod }: DnsReplica, ingress: readonly NetworkPolicy[]): Client[] {
  const { facts } = evidence
  if (ingress.length === 0) return []
  const { namespaces } = policyView(facts)
  const mayAsk = (peer: Party): boolean =>
    (['UDP', 'TCP'] as const).every((protocol) => {
      const { number, names } = dnsPortOf(facts, pod, protocol)
      return admits(ingress, { direction: 'Ingress', peer, protocol, port: number, portNames: names, namespaces })
        .isAdmitted
    })
  return clientsOf(evidence).filter(({ party }) => !mayAsk(party))
}

/** The nodes, whose caches ask for their pods, the pods asked about, and a pod of every owner elsewhere. */
function clientsOf({ facts, pods }: Evidence): Client[] {
  const nodes = facts.nodes.map(({ name, node }): Client => ({
    name: `node/${name}`,
    party: { addresses: node?.internalIPs ?? [] },
    isFrom: ({ from, fromNode }) => from.kind !== 'pod' && fromNode === name,
  }))
  const cached = new Set(facts.dns.nodeCaches.flatMap(({ localIPs }) => localIPs))
  // Where pods ask a node cache, it is the nodes that ask CoreDNS.
  const behindCache = facts.nodes.every(({ kubelet }) =>
    kubelet.clusterDNS.value.some((address) => cached.has(address)),
  )
  const seen = new Set<string>()
  const others = behindCache
    ? []
    : facts.objects.pods.filter(({ meta, spec, phase }) => {
        const key = `${meta.namespace}/${meta.owner?.name ?? meta.name}`
        if (spec.hostNetwork || phase !== 'Running' || spec.dnsPolicy === 'Default' || seen.has(key)) return false
        seen.add(key)
        return true
      })
  const named = new Map([...pods, ...others].map((pod) => [qualifiedName(pod), pod]))
  return [...[...named.values()].map(podClient), ...nodes]
}

function podClient(pod: Pod): Client {
  return {
    name: qualifiedName(pod),
    party: partyOf(pod),
    isFrom: ({ from }) => from.kind === 'pod' && from.namespace === pod.meta.namespace && from.name === pod.meta.name,
  }
}

function cutFrom(
  { facts }: Evidence,
  { pod }: DnsReplica,
  egress: readonly NetworkPolicy[],
): { name: 'api-server' | 'upstreams'; detail: string }[] {
  if (egress.length === 0) return []
  const { namespaces } = policyView(facts)
  const may = (address: string, protocol: string, port: number): boolean =>
    admits(egress, { direction: 'Egress', peer: { addresses: [address] }, protocol, port, namespaces }).isAdmitted
  const api = facts.objects.endpointSlices.filter(
    ({ meta, service }) => meta.namespace === 'default' && service === 'kubernetes',
  )
  const service = facts.objects.services.find(({ meta }) => meta.namespace === 'default' && meta.name === 'kubernetes')
  const servers = api.flatMap(({ endpoints, ports }) =>
    endpoints.flatMap(({ addresses }) =>
      addresses.map((address) => ({ address, port: ports.find(({ protocol }) => protocol === 'TCP')?.port ?? 6443 })),
    ),
  )
  // Plugins differ in whether they see the Service's address or the one it is translated to.
  const isApiOpen =
    servers.length === 0 ||
    servers.some(({ address, port }) => may(address, 'TCP', port)) ||
    (service?.clusterIPs ?? []).some((address) => may(address, 'TCP', 443))
  const upstreams = listUpstreamUses(facts).filter(
    ({ servers: users, inEffect }) => inEffect && users.some(({ name }) => name === qualifiedName(pod)),
  )
  const closed = upstreams.filter(({ address, port }) => !may(address, 'UDP', port))
  return [
    ...(isApiOpen
      ? []
      : [{ name: 'api-server' as const, detail: servers.map(({ address, port }) => `${address}:${port}`).join(', ') }]),
    ...(upstreams.length > 0 && closed.length === upstreams.length
      ? [{ name: 'upstreams' as const, detail: [...new Set(closed.map(({ address }) => address))].join(', ') }]
      : []),
  ]
}

// --- What it explains ---

function isAtReplica({ hop }: Rung, replicas: readonly DnsReplica[]): boolean {
  return hop.kind === 'replica' && replicas.some(({ pod }) => qualifiedName(pod) === hop.name)
}

function explained({ facts, ladder }: Evidence, kept: readonly Client[], targets: readonly string[]): string[] {
  const caches = new Set(facts.dns.nodeCaches.flatMap(({ pods }) => pods.map(({ pod }) => qualifiedName(pod))))
  const isKeptOut = (rung: Rung): boolean =>
    kept.some(({ isFrom }) => isFrom(rung)) &&
    ((rung.hop.kind !== 'upstream' && rung.observed.kind !== 'response') || caches.has(rung.hop.name))
  const isCut = ({ hop, purpose, observed }: Rung): boolean =>
    (hop.kind === 'replica' || hop.kind === 'dns-service') &&
    ((targets.includes('upstreams') && purpose === 'external') ||
      (targets.includes('api-server') &&
        (purpose === 'ready' || (observed.kind === 'response' && purpose !== 'external'))))
  return failedIds(ladder, (rung) => isKeptOut(rung) || isCut(rung))
}

function failedLine({ ladder }: Evidence, kept: readonly Client[]): EvidenceLine[] {
  const failed = ladder.rungs.filter(
    (rung) =>
      rung.result === 'failed' &&
      rung.hop.kind === 'replica' &&
      rung.observed.kind !== 'response' &&
      kept.some(({ isFrom }) => isFrom(rung)),
  )
  const [first] = failed
  return first === undefined
    ? []
    : [line('observed', 'asked', { place: formatPlace(first.from), server: first.hop.name, count: failed.length })]
}

/**
 * Everybody may ask; CoreDNS may go where it needs to. Only for the directions that policies restrict already: the first policy for
 * a direction would close all else in it, such as the port for metrics.
 */
function allowPolicy({ facts }: Evidence, { pod }: DnsReplica): object {
  const labels = pod.meta.labels['k8s-app'] === undefined ? pod.meta.labels : { 'k8s-app': pod.meta.labels['k8s-app'] }
  const ports = (['UDP', 'TCP'] as const).map((protocol) => ({
    protocol,
    port: dnsPortOf(facts, pod, protocol).number,
  }))
  const spec = {
    podSelector: { matchLabels: labels },
    policyTypes: (['Ingress', 'Egress'] as const).filter((type) => selectingPolicies(facts, pod, type).length > 0),
    ...(selectingPolicies(facts, pod, 'Ingress').length > 0 ? { ingress: [{ ports }] } : {}),
    ...(selectingPolicies(facts, pod, 'Egress').length > 0 ? { egress: [{}] } : {}),
  }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'allow-dns-server', namespace: pod.meta.namespace },
    spec,
  }
}
