// The Service IP brings nothing where the pods behind it answer: kube-proxy on that node is down, stuck or not synced.
import type { Pod } from '../../../kube/objects/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import { phrase, podsOnNode } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import {
  askedRungs,
  excluded,
  failedIds,
  notChecked,
  objectRef,
  podRef,
  qualifiedName,
  readyEndpoints,
  serviceRef,
} from '../support.ts'
import { kernelOfNode, seen } from '../network/kernels.ts'

export const serviceIpUnreachable: Cause = {
  code: 'service-ip-unreachable',
  needs: ['dns-service', 'probes'],
  judge: (evidence) => [judge(evidence)],
}

interface NodeView {
  readonly node: string
  readonly service: readonly Rung[]
  readonly replicas: readonly Rung[]
}

function judge(evidence: Evidence): Judgement {
  const { facts, ladder } = evidence
  const { service } = facts.dns
  if (service === undefined) return notChecked('not-checked.no-dns-service')
  const name = qualifiedName(service.service)
  const address = service.clusterIPs.join(', ')
  const subject = { kind: 'service', name } as const
  const views = viewsByNode(evidence)
  if (views.length === 0) return notChecked('not-checked.service-not-asked', { address })
  const partial = (key: string, nodes: readonly NodeView[]): Judgement =>
    notChecked(key, { nodes: nodes.map(({ node }) => node).join(', ') }, subject)
  const dead = views.filter((view) => view.service.every(({ observed }) => observed.kind !== 'response'))
  if (dead.length === 0) return excluded(excludedLine(views, address), subject)
  if (service.slices.length > 0 && readyEndpoints(service).length === 0) {
    return notChecked('not-checked.nothing-behind-service', { service: name }, subject)
  }
  const comparable = dead.filter((view) => transportsAnswered(view).length > 0)
  if (comparable.length === 0) return partial('not-checked.replicas-silent', dead)
  const both = comparable.filter((view) => transportsAnswered(view).length === 2)
  // Where some replicas are out of reach, or one transport is lost, that may be all there is to it, unless the Service IP's
  // rules say otherwise.
  const broken = comparable.filter(
    (view) => (both.includes(view) && reachesAll(view)) || ruleLines(evidence, view.node).length > 0,
  )
  if (broken.length === 0 && both.length > 0) return partial('not-checked.replicas-partly-silent', both)
  if (broken.length === 0) return partial('not-checked.replicas-one-transport', comparable)
  const without = nodesWithoutEndpoint(facts)
  if (service.service.internalTrafficPolicy === 'Local' && broken.every(({ node }) => without.has(node))) {
    return partial('not-checked.local-policy', broken)
  }
  const proxies = broken.flatMap(({ node }) => proxyLines(evidence, node))
  const nodes = broken.map(({ node }) => node)
  const finding = {
    subject,
    objects: [
      serviceRef(service, 'spec.clusterIP'),
      ...nodes.map((node) => objectRef('Node', node)),
      ...nodes.flatMap((node) => proxiesOn(facts, node).map((pod) => podRef(pod))),
    ],
    values: { address, nodes, count: nodes.length },
    evidence: [
      ...broken.slice(0, 2).map((view) => differenceLine(view, address)),
      ...proxies,
      ...otherNodes(views, broken),
    ],
    fix: {
      key: 'service-ip-unreachable',
      values: { nodes },
      command: nodes
        .map((node) => `kubectl -n kube-system delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=${node}`)
        .join('\n'),
    },
    isFault: true,
    explains: failedIds(
      ladder,
      (rung) =>
        nodes.includes(rung.fromNode ?? '') &&
        (rung.hop.kind === 'dns-service' || rung.hop.kind === 'kube-proxy' || rung.hop.kind === 'node-cache'),
    ),
  }
  return broken.every(({ node }) => proxyLines(evidence, node).length > 0)
    ? { status: 'proven', ...finding }
    : { status: 'suspected', ...finding, missing: [phrase('service-ip-unreachable.missing-proxy', { nodes })] }
}

/** The canary at the Service IP and at the replicas, from the same node. */
function viewsByNode({ ladder }: Evidence): NodeView[] {
  const canaries = askedRungs(ladder).filter(({ purpose, transport }) => purpose === 'canary' && transport !== 'http')
  const nodes = [...new Set(canaries.flatMap(({ fromNode }) => (fromNode === undefined ? [] : [fromNode])))]
  return nodes
    .map((node) => {
      const own = canaries.filter(({ fromNode }) => fromNode === node)
      return {
        node,
        service: own.filter(({ hop }) => hop.kind === 'dns-service'),
        replicas: own.filter(({ hop }) => hop.kind === 'replica'),
      }
    })
    .filter(({ service }) => service.length > 0)
}

/** Transports over which a replica answered and the Service IP did not. */
function transportsAnswered({ service, replicas }: NodeView): Rung['transport'][] {
  const asked = new Set(service.map(({ transport }) => transport))
  const answered = replicas.filter(({ observed }) => observed.kind === 'response').map(({ transport }) => transport)
  return [...new Set(answered)].filter((transport) => asked.has(transport))
}

/** Every replica that was asked answered. */
function reachesAll({ replicas }: NodeView): boolean {
  const names = new Set(replicas.map(({ hop }) => hop.name))
  return [...names].every((name) =>
    replicas.some(({ hop, observed }) => hop.name === name && observed.kind === 'response'),
  )
}

/** What came of the Service IP, transport by transport: a refusal is no silence. */
function differenceLine(view: NodeView, address: string): EvidenceLine {
  const { node, service, replicas } = view
  const answering = replicas.find(({ observed }) => observed.kind === 'response')
  const named = (rungs: readonly Rung[]): string[] => [
    ...new Set(rungs.map(({ transport }) => transport.toUpperCase())),
  ]
  const isRefused = ({ observed }: Rung): boolean => observed.kind !== 'timeout'
  const refused = named(service.filter(isRefused))
  const silent = named(service.filter((rung) => !isRefused(rung)))
  return line('observed', refused.length === 0 ? 'differs' : silent.length === 0 ? 'refuses' : 'refuses-partly', {
    address,
    node,
    refused,
    silent,
    answered: transportsAnswered(view).map((transport) => transport.toUpperCase()),
    replica: answering?.hop.name ?? '',
    replicaAddress: answering?.to.address ?? '',
    rttMs: Math.round(answering?.rttMs ?? 0),
  })
}

function excludedLine(views: readonly NodeView[], address: string): EvidenceLine {
  const partly = views.filter(({ service }) => service.some(({ observed }) => observed.kind !== 'response'))
  return partly.length === 0
    ? line('observed', 'answers', { address, count: views.length })
    : line('observed', 'answers-partly', { address, nodes: partly.map(({ node }) => node) })
}

function otherNodes(views: readonly NodeView[], broken: readonly NodeView[]): EvidenceLine[] {
  const fine = views
    .filter((view) => !broken.includes(view) && view.service.every(({ observed }) => observed.kind === 'response'))
    .map(({ node }) => node)
  return fine.length === 0 ? [] : [line('observed', 'elsewhere', { nodes: fine })]
}

// --- kube-proxy on the node ---

function proxyLines({ facts, ladder }: Evidence, node: string): EvidenceLine[] {
  const lines: EvidenceLine[] = []
  const proxies = proxiesOn(facts, node)
  const everywhere = facts.objects.pods.filter(isProxy)
  if (proxies.length === 0 && everywhere.length > 0) lines.push(line('observed', 'proxy-absent', { node }))
  for (const pod of proxies.filter(({ ready }) => !ready)) {
    const state = pod.containerStatuses.find(({ ready }) => !ready)?.state ?? pod.phase
    lines.push(line('observed', 'proxy-not-ready', { node, pod: pod.meta.name, state }))
  }
  const health = ladder.rungs.find(
    (rung) => rung.hop.kind === 'kube-proxy' && rung.fromNode === node && rung.result === 'failed',
  )
  if (health !== undefined) {
    const status = health.observed.kind === 'status' ? String(health.observed.status) : health.observed.kind
    lines.push(line('observed', 'proxy-unhealthy', { node, status }))
  }
  return [...lines, ...ruleLines({ facts, ladder }, node)]
}

/** What the node's own rules say about the Service IP: nothing, or where its pods were once. */
function ruleLines({ facts, ladder }: Pick<Evidence, 'facts' | 'ladder'>, node: string): EvidenceLine[] {
  const { service } = facts.dns
  const tables = kernelOfNode(ladder, node)?.first
  const iptables = seen(tables?.iptables)
  const address = service?.clusterIPs.find((ip) => !ip.includes(':'))
  if (service === undefined || address === undefined || iptables === undefined) return []
  const isElsewhere =
    seen(tables?.ipvs)?.services.some((one) => one.address.address === address) === true ||
    seen(tables?.nftables)?.elements.some(({ text }) => text.includes(address)) === true
  // kube-proxy's own chains: other programs write rules for the Service IP as well.
  const rules = iptables.flatMap((one) => one.rules).filter(({ table }) => table === 'nat')
  const own = rules.filter(({ destination }) => destination === address)
  if (isElsewhere) return []
  if (own.length === 0) return [line('observed', 'rules-lack', { node, address })]
  const targets = [...new Set(targetsOf(rules, own))]
  const living = new Set(service.slices.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses)))
  const isStale = targets.length > 0 && targets.every((target) => !living.has(target))
  return isStale ? [line('observed', 'rules-stale', { node, address, targets, endpoints: [...living] })] : []
}

interface NatRule {
  readonly chain: string
  readonly target?: string
  readonly toDestination?: string
}

/** Addresses that some rules lead to, chain by chain. */
function targetsOf(rules: readonly NatRule[], from: readonly NatRule[]): string[] {
  const seenChains = new Set<string>()
  const found: string[] = []
  const open = [...from]
  for (let rule = open.pop(); rule !== undefined; rule = open.pop()) {
    if (rule.toDestination !== undefined) found.push(rule.toDestination.replace(/:\d+$/, ''))
    const { target } = rule
    if (target === undefined || seenChains.has(target)) continue
    seenChains.add(target)
    open.push(...rules.filter(({ chain }) => chain === target))
  }
  return found
}

function proxiesOn(facts: ClusterFacts, node: string): Pod[] {
  return podsOnNode(facts, node).filter(isProxy)
}

function isProxy({ meta, spec }: Pod): boolean {
  return (
    meta.labels['k8s-app'] === 'kube-proxy' ||
    spec.containers.some(({ image }) => /(^|\/)kube-proxy(-\w+)?:/.test(image))
  )
}

function nodesWithoutEndpoint(facts: ClusterFacts): Set<string> {
  const { service } = facts.dns
  const having = new Set((service === undefined ? [] : readyEndpoints(service)).map(({ node }) => node))
  return new Set(facts.nodes.map(({ name }) => name).filter((name) => !having.has(name)))
}
