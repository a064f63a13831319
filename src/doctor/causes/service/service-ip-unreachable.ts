// The Service IP brings nothing where the pods behind it answer: kube-proxy on that node is down, stuck or not synced.
import type { Pod } from '../../../kube/objects/index.ts'
import type { ClusterFacts, DnsServiceFact } from '../../facts/index.ts'
import { phrase, podsOnNode } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import {
  excluded,
  failedIds,
  notChecked,
  objectRef,
  podRef,
  qualifiedName,
  readyEndpoints,
  serviceRef,
  shellQuote,
} from '../support.ts'
import type { CauseCode } from '../codes.ts'
import { judgeMissingPorts } from './missing-port.ts'
import { proxyRules, takingRules } from './service-rules.ts'
import type { TakingRule } from './service-rules.ts'
import { isDead, isLostOverOne, reachesAll, serviceViews, transportsAnswered } from './service-views.ts'
import type { ServiceView } from './service-views.ts'
import { judgeTargetPorts } from './wrong-target-port.ts'

export const serviceIpUnreachable: Cause = {
  code: 'service-ip-unreachable',
  needs: ['dns-service', 'probes'],
  judge,
}

/** One place, and what was seen there of kube-proxy and of its rules. */
interface Broken {
  readonly view: ServiceView
  /** Transports that it is about. */
  readonly transports: readonly Rung['transport'][]
  readonly proof: readonly EvidenceLine[]
  readonly stale: readonly string[]
  readonly taking: readonly TakingRule[]
}

function judge(evidence: Evidence): Judgement[] {
  const judged = judgeBroken(evidence)
  return Array.isArray(judged) ? judged : [judged]
}

/** One finding for each kind of reason. */
function judgeBroken(evidence: Evidence): Judgement | Judgement[] {
  const { facts } = evidence
  const { service } = facts.dns
  if (service === undefined) return notChecked('not-checked.no-dns-service')
  const name = qualifiedName(service.service)
  const address = service.clusterIPs.join(', ')
  const subject = { kind: 'service', name } as const
  const views = serviceViews(evidence)
  if (views.length === 0) {
    return judgeMissingPorts(evidence) === undefined
      ? notChecked('not-checked.service-not-asked', { address })
      : notChecked('not-checked.service-port', { service: name }, subject)
  }
  const partial = (key: string, nodes: readonly ServiceView[]): Judgement =>
    notChecked(key, { nodes: nodesOf(nodes).join(', ') }, subject)
  const dead = views.filter(isDead)
  const overOne = views.filter((view) => !isDead(view)).flatMap((view) => brokenOverOne(evidence, view))
  if (dead.length === 0 && overOne.length === 0) return excluded(excludedLine(views, address), subject)
  if (service.slices.length > 0 && readyEndpoints(service).length === 0) {
    return notChecked('not-checked.nothing-behind-service', { service: name }, subject)
  }
  const comparable = dead.filter((view) => transportsAnswered(view).length > 0)
  const both = comparable.filter((view) => transportsAnswered(view).length === 2)
  // Where some replicas are out of reach, or one transport is lost, that may be all there is to it, unless the Service IP's
  // rules say otherwise.
  const overAll = comparable
    .map((view) => look(evidence, view, view.lost))
    .filter(({ view, stale, taking, proof }) => {
      const isLacking = proof.some(({ key }) => key === 'rules-lack')
      return (both.includes(view) && reachesAll(view)) || isLacking || stale.length > 0 || taking.length > 0
    })
  const broken = [...overAll, ...overOne]
  if (broken.length === 0) {
    if (comparable.length === 0) return partial('not-checked.replicas-silent', dead)
    return both.length > 0
      ? partial('not-checked.replicas-partly-silent', both)
      : partial('not-checked.replicas-one-transport', comparable)
  }
  const places = broken.map(({ view }) => view)
  const without = nodesWithoutEndpoint(facts)
  if (service.service.internalTrafficPolicy === 'Local' && places.every(({ node }) => without.has(node))) {
    return partial('not-checked.local-policy', places)
  }
  const isProven = broken.some(({ proof }) => proof.length > 0)
  if (!isProven && dead.length === 0 && judgeTargetPorts(evidence)?.status === 'proven') {
    return notChecked('not-checked.service-port', { service: name }, subject)
  }
  const byReason = [
    broken.filter(({ taking }) => taking.length > 0),
    broken.filter(({ taking, stale }) => taking.length === 0 && stale.length > 0),
    broken.filter(({ taking, stale }) => taking.length === 0 && stale.length === 0),
  ]
  return byReason.flatMap((alike) => (alike.length === 0 ? [] : [find(evidence, { service, views, broken: alike })]))
}

interface Seen {
  readonly service: DnsServiceFact
  readonly views: readonly ServiceView[]
  readonly broken: readonly Broken[]
}

function find({ facts, ladder }: Evidence, { service, views, broken }: Seen): Judgement {
  const address = service.clusterIPs.join(', ')
  const nodes = nodesOf(broken.map(({ view }) => view))
  const transports = [...new Set(broken.flatMap((one) => one.transports))]
  const isOverOne = broken.every(({ view }) => !isDead(view))
  const isLost = broken.some(({ view, transports: own }) => own.some((one) => view.shaken.includes(one)))
  const isProven = broken.every(({ proof }) => proof.length > 0)
  const taking = broken.flatMap((one) => one.taking)
  const stale = [...new Set(broken.flatMap((one) => one.stale))]
  const removals = [...new Set(taking.map(({ node, removal }) => `ssh ${shellQuote(node)} ${shellQuote(removal)}`))]
  const finding = {
    subject: { kind: 'service', name: qualifiedName(service.service) } as const,
    objects: [
      serviceRef(service, 'spec.clusterIP'),
      ...nodes.map((node) => objectRef('Node', node)),
      ...nodes.flatMap((node) => proxiesOn(facts, node).map((pod) => podRef(pod))),
    ],
    values: {
      address,
      nodes,
      count: nodes.length,
      transports: transports.map((transport) => transport.toUpperCase()),
      targets: stale,
      rule: taking[0]?.rule.text ?? '',
    },
    ...(taking.length > 0
      ? { summary: 'taken' }
      : stale.length > 0
        ? { summary: 'fallen-behind' }
        : isOverOne
          ? { summary: 'over-one' }
          : {}),
    evidence: distinct([
      ...(taking.length + stale.length > 0 ? broken.flatMap(({ proof }) => proof) : []),
      ...broken
        .filter(({ view }) => view.lost.length > 0)
        .slice(0, 2)
        .map(({ view }) => differenceLine(view, address)),
      ...broken.flatMap(({ proof }) => proof),
      ...otherNodes(views, nodes),
    ]),
    fix: {
      key: removals.length > 0 ? 'service-ip-unreachable.rule' : 'service-ip-unreachable',
      values: { nodes },
      command: (removals.length > 0
        ? removals
        : nodes.map(
            (node) => `kubectl -n kube-system delete pod -l k8s-app=kube-proxy --field-selector spec.nodeName=${node}`,
          )
      ).join('\n'),
    },
    // Rules that a rollout is about to change lose nothing as a rule.
    isFault: isLost,
    ...(isOverOne && !isProven ? { beneath: OVER_ONE } : {}),
    explains: failedIds(ladder, (rung) => isBehind(rung, { nodes, transports, isOverOne })),
  }
  return isProven
    ? { status: 'proven', ...finding }
    : { status: 'suspected', ...finding, missing: [phrase('service-ip-unreachable.missing-proxy', { nodes })] }
}

/** What loses one transport at the Service IP alone, where it is seen too. */
const OVER_ONE: readonly CauseCode[] = [
  'stale-udp-conntrack',
  'ipvs-stale-udp-connections',
  'bridge-netfilter-disabled',
  'node-cache-wrong-source',
  'conntrack-race',
  'conntrack-table-full',
  'udp-53-blocked',
  'host-firewall-or-forwarding',
]

/** Lost over one transport only, or at times: by what its rules say, or because every replica answers over that transport. */
function brokenOverOne(evidence: Evidence, view: ServiceView): Broken[] {
  const answered = transportsAnswered(view)
  const found = look(evidence, view, answered)
  if (isLostOverOne(view) || found.stale.length > 0 || found.taking.length > 0) return [found]
  // Of several rules that kube-proxy chooses from, some may lead nowhere: then it fails at times.
  const passing = (['udp', 'tcp'] as const).filter((transport) => !view.lost.includes(transport))
  const atTimes = look(evidence, view, passing)
  return atTimes.stale.length > 0 ? [{ ...atTimes, taking: [] }] : []
}

function look(evidence: Evidence, view: ServiceView, transports: readonly Rung['transport'][]): Broken {
  const { facts } = evidence
  const { node } = view
  const address = facts.dns.service?.clusterIPs.join(', ') ?? ''
  const endpoints = (facts.dns.service?.slices ?? []).flatMap((slice) =>
    slice.endpoints.flatMap((one) => one.addresses),
  )
  const seenRules = transports.flatMap((transport) => {
    const rules = proxyRules(evidence, node, transport)
    return rules === undefined ? [] : [{ transport: transport.toUpperCase(), ...rules }]
  })
  const staleRules = seenRules.filter((one) => one.stale.length > 0)
  const stale = [...new Set(staleRules.flatMap((one) => one.stale.map(({ target }) => target.replace(/:\d+$/, ''))))]
  const taking = distinctRules(transports.flatMap((transport) => takingRules(evidence, node, transport)))
  const lines = [
    ...taking
      .slice(0, 2)
      .map(({ does, to, rule, packets }) =>
        line('observed', `rule-${does}`, { node, address, to, rule: `${rule.table}: ${rule.text}`, count: packets }),
      ),
    ...staleRules.map((one) =>
      line('observed', 'rules-stale', {
        node,
        address,
        transport: one.transport,
        targets: [...new Set(one.stale.map(({ target }) => target))],
        endpoints,
      }),
    ),
    ...staleRules
      .flatMap((one) => one.stale)
      .slice(0, 2)
      .map(({ text }) => line('observed', 'rule', { node, rule: `nat: ${text}` })),
    ...(seenRules.some(({ isLacking }) => isLacking) ? [line('observed', 'rules-lack', { node, address })] : []),
  ]
  return { view, transports, stale, taking, proof: [...lines, ...proxyLines(evidence, node)] }
}

function distinctRules(rules: readonly TakingRule[]): TakingRule[] {
  return [...new Map(rules.map((one) => [`${one.rule.table} ${one.rule.text}`, one])).values()]
}

function distinct(lines: readonly EvidenceLine[]): EvidenceLine[] {
  return [...new Map(lines.map((one) => [JSON.stringify(one), one])).values()]
}

function nodesOf(views: readonly ServiceView[]): string[] {
  return [...new Set(views.map(({ node }) => node))]
}

function isBehind(
  { hop, fromNode = '', transport, observed, result }: Rung,
  {
    nodes,
    transports,
    isOverOne,
  }: { readonly nodes: readonly string[]; readonly transports: readonly string[]; readonly isOverOne: boolean },
): boolean {
  if (!nodes.includes(fromNode)) return false
  if (hop.kind === 'kube-proxy' || hop.kind === 'node-cache') return true
  if (hop.kind !== 'dns-service') return false
  return !isOverOne || (transports.includes(transport) && (observed.kind !== 'response' || result === 'intermittent'))
}

/** What came of the Service IP, transport by transport: a refusal is no silence. */
function differenceLine(view: ServiceView, address: string): EvidenceLine {
  const { node, lost, replicas } = view
  const service = view.service.filter(({ transport }) => lost.includes(transport))
  const answering = replicas.find(({ observed, transport }) => observed.kind === 'response' && lost.includes(transport))
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

function excludedLine(views: readonly ServiceView[], address: string): EvidenceLine {
  const partly = views.filter(({ lost }) => lost.length > 0)
  return partly.length === 0
    ? line('observed', 'answers', { address, count: views.length })
    : line('observed', 'answers-partly', { address, nodes: nodesOf(partly) })
}

function otherNodes(views: readonly ServiceView[], broken: readonly string[]): EvidenceLine[] {
  const fine = nodesOf(views.filter(({ node, lost }) => !broken.includes(node) && lost.length === 0))
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
  return lines
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
