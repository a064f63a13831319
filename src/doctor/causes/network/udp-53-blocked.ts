// UDP to port 53 brings nothing where TCP to the same server brings an answer.
import { formatPlace } from '../../ladder/index.ts'
import type { Ladder, Rung } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Fix, Judgement, Proven } from '../judgement.ts'
import { excluded, failedIds, notChecked, objectRef, shellQuote } from '../support.ts'
import { placeOfLoss } from './blocked-place.ts'
import type { BlockedPlace } from './blocked-place.ts'
import { blockingRules, nodeKernels, podKernels } from './kernels.ts'
import type { BlockingRule } from './kernels.ts'
import { isPortMissing, waysTo } from './ways.ts'
import type { Way } from './ways.ts'

export const udp53Blocked: Cause = {
  code: 'udp-53-blocked',
  needs: ['probes'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ ladder }: Evidence): Judgement {
  // The Service IP alone tells nothing: a stale flow to it looks the same.
  const ways = [...waysTo(ladder, 'replica'), ...waysTo(ladder, 'node-cache'), ...waysTo(ladder, 'nameserver')]
  const compared = ways.filter(({ udp, tcp }) => udp !== 'unasked' && tcp !== 'unasked')
  if (compared.length === 0) return notChecked('not-checked.no-transports')
  const blocked = compared.filter(isUdpLost)
  const [way] = blocked
  if (way === undefined) {
    return blockedAtTimes(ladder, compared) ?? excluded(line('observed', 'both', { count: compared.length }))
  }
  const nodes = [...new Set(blocked.map(({ node }) => node))]
  const rules = rulesAgainstDns(ladder)
  const servers = [...new Set(blocked.map(({ hop }) => hop.name))]
  const places = new Set(blocked.map(({ place }) => place))
  // A rule that was seen to drop says more than the pattern of what is lost.
  const at = placeOfRules(rules, way) ?? placeOfLoss(blocked, compared)
  return {
    status: 'proven',
    ...subjectOf(at),
    values: { nodes, servers, ...(at.kind === 'nodes' ? {} : { pod: at.pod, node: at.node }) },
    evidence: [
      line('observed', 'differs', {
        place: way.place,
        server: way.hop.name,
        address: way.address,
        attempts: attemptsOf(way),
      }),
      ...(blocked.length > 1 ? [line('observed', 'all', { count: blocked.length, of: compared.length })] : []),
      ...ruleLines(rules),
    ],
    fix: fixOf(at, rules),
    isFault: true,
    // Where replicas answer over UDP from there, what is lost is lost at the cache.
    ...(blocked.every(({ hop }) => hop.kind === 'node-cache') ? { beneath: AT_CACHE } : {}),
    explains: failedIds(
      ladder,
      ({ from, fromNode = '', hop, transport, observed }) =>
        transport === 'udp' &&
        observed.kind !== 'response' &&
        (hop.kind === 'dns-service' || servers.includes(hop.name)) &&
        // The Service leads everybody to a replica that loses what it is sent.
        (at.kind === 'server' || nodes.includes(fromNode) || places.has(from.kind)),
    ).concat(
      cacheRungs(ladder, nodes),
      upstreamRungs(
        ladder,
        rules.flatMap(({ node, pod }) => (pod === undefined ? [node] : [])),
      ),
      upstreamsOverTcp(
        ladder,
        [...places].filter((one) => isBlockedWhole(one, blocked, compared)),
      ),
    ),
  }
}

/** Where a rule was seen to drop: on nodes, in the namespace of the server, or in that of the asking pod. */
function placeOfRules(rules: readonly BlockingRule[], { hop }: Way): BlockedPlace | undefined {
  const names = rules.flatMap(({ node, pod }) => (pod === undefined ? [node] : []))
  if (names.length > 0) return { kind: 'nodes', names: [...new Set(names)] }
  const own = rules.find(({ pod }) => pod !== undefined)
  if (own?.pod === undefined) return undefined
  return { kind: own.pod === hop.name ? 'server' : 'client', pod: own.pod, node: own.node }
}

/** What the report calls the place, and the summary that says it. */
function subjectOf(at: BlockedPlace): Pick<Proven, 'objects' | 'subject' | 'summary'> {
  if (at.kind === 'nodes')
    return {
      subject: { kind: 'node', name: at.names.join(', ') },
      objects: at.names.map((node) => objectRef('Node', node)),
    }
  return { subject: { kind: 'pod', name: at.pod }, objects: [objectRef('Pod', at.pod)], summary: `at-${at.kind}` }
}

function fixOf(at: BlockedPlace, rules: readonly BlockingRule[]): Fix {
  if (at.kind === 'nodes') {
    const look = at.names
      .slice(0, 3)
      .map((node) => `ssh ${shellQuote(node)} 'sudo iptables-save -c | ${GREP}'   # and the firewalls between nodes`)
    return {
      key: 'udp-53-blocked',
      values: { nodes: at.names },
      command: rules.length > 0 ? deleteCommands(rules) : look.join('\n'),
    }
  }
  const [namespace = '', name = ''] = at.pod.split('/')
  const sandbox = `$(sudo crictl pods -q --namespace ${namespace} --name ${name})`
  const pid = `$(sudo crictl inspectp -o go-template --template "{{.info.pid}}" ${sandbox})`
  const look = `ssh ${shellQuote(at.node)} ${shellQuote(`sudo nsenter -t ${pid} -n iptables-save -c | ${GREP}`)}`
  return {
    key: 'udp-53-blocked.in-pod',
    values: { pod: at.pod, node: at.node },
    command: [
      ...(rules.length > 0 ? [] : [`${look}   # what drops it`]),
      `kubectl -n ${shellQuote(namespace)} delete pod ${shellQuote(name)}`,
    ].join('\n'),
  }
}

const GREP = 'grep -E "udp.*(DROP|REJECT)"'

function ruleLines(rules: readonly BlockingRule[]): EvidenceLine[] {
  return rules
    .slice(0, 2)
    .map(({ node, pod, text, growth }) => line('observed', 'rule', { node: pod ?? node, rule: text, count: growth }))
}

/**
 * Some datagrams are dropped and others are not, as with a rule that matches by chance or beyond a rate: only many attempts
 * (`--repeat`) show it, and only the rule itself tells it from a lossy link.
 */
function blockedAtTimes(ladder: Ladder, compared: readonly Way[]): Judgement | undefined {
  const rules = rulesAgainstDns(ladder)
  const nodes = [...new Set(rules.flatMap(({ node, pod }) => (pod === undefined ? [node] : [])))]
  const pods = [...new Set(rules.flatMap(({ pod }) => pod ?? []))]
  const owners = [...nodes, ...pods]
  const isConcerned = ({ from, fromNode, hop }: Pick<Rung, 'from' | 'fromNode' | 'hop'>): boolean =>
    nodes.some((node) => node === fromNode || node === hop.node) ||
    pods.some((pod) => pod === hop.name || (from.kind === 'pod' && pod === `${from.namespace}/${from.name}`))
  const lossy = compared.filter((way) => way.rungs.some(isConcerned) && countsOf(way, 'udp').lost > 0)
  const [way] = lossy.toSorted((a, b) => countsOf(b, 'udp').lost - countsOf(a, 'udp').lost)
  if (way === undefined) return undefined
  const [udp, tcp] = [countsOf(way, 'udp'), countsOf(way, 'tcp')]
  return {
    status: 'proven',
    subject: { kind: nodes.length > 0 ? 'node' : 'pod', name: owners.join(', ') },
    objects: [...nodes.map((node) => objectRef('Node', node)), ...pods.map((pod) => objectRef('Pod', pod))],
    values: { nodes: owners, servers: [...new Set(lossy.map(({ hop }) => hop.name))] },
    summary: 'at-times',
    evidence: [
      line('observed', 'lost-at-times', {
        place: way.place,
        server: way.hop.name,
        address: way.address,
        count: udp.lost,
        of: udp.asked,
        tcp: tcp.lost,
        tcpOf: tcp.asked,
      }),
      ...(lossy.length > 1 ? [line('observed', 'all', { count: lossy.length, of: compared.length })] : []),
      ...ruleLines(rules),
    ],
    fix: { key: 'udp-53-blocked', values: { nodes: owners }, command: deleteCommands(rules) },
    isFault: true,
    explains: failedIds(
      ladder,
      (rung) =>
        rung.transport === 'udp' &&
        rung.observed.kind !== 'response' &&
        // The Service leads everybody to a replica that loses some of what it is sent.
        (isConcerned(rung) || (rung.hop.kind === 'dns-service' && pods.length > 0)),
    ),
  }
}

/** Attempts over one transport that brought nothing, and all of them; a rule on the way out refuses them on the spot. */
function countsOf({ rungs }: Way, transport: string): { readonly lost: number; readonly asked: number } {
  const own = rungs.flatMap((rung) =>
    rung.transport === transport && rung.repeats !== undefined ? [rung.repeats] : [],
  )
  return {
    lost: own
      .flatMap(({ failures }) => failures)
      .reduce((sum, { observed, count }) => (observed.kind === 'response' ? sum : sum + count), 0),
    asked: own.reduce((sum, { asked }) => sum + asked, 0),
  }
}

function rulesAgainstDns(ladder: Ladder): BlockingRule[] {
  return [...nodeKernels(ladder), ...podKernels(ladder)]
    .flatMap(blockingRules)
    .filter(
      ({ protocol, destinationPort }) =>
        protocol === 'udp' && (destinationPort === 53 || destinationPort === undefined),
    )
}

/** What is in a pod's namespace goes with the pod. */
function deleteCommands(rules: readonly BlockingRule[]): string {
  const commands = rules.map(({ node, pod, text }) => {
    const [namespace = '', name = ''] = pod?.split('/') ?? []
    return pod === undefined
      ? `ssh ${shellQuote(node)} sudo iptables -t ${text.replace(': -A ', ' -D ')}`
      : `kubectl -n ${shellQuote(namespace)} delete pod ${shellQuote(name)}`
  })
  return [...new Set(commands)].slice(0, 4).join('\n')
}

const AT_CACHE = ['node-cache-rules-inconsistent', 'node-cache-down'] as const

/** Where the rule was seen it holds back what goes to upstreams as well. */
function upstreamRungs(ladder: Evidence['ladder'], nodes: readonly string[]): string[] {
  return failedIds(
    ladder,
    ({ hop, fromNode = '', transport, observed }) =>
      hop.kind === 'upstream' && transport === 'udp' && nodes.includes(fromNode) && observed.kind !== 'response',
  )
}

/** No server of the cluster was reached over UDP from there. */
function isBlockedWhole(place: string, blocked: readonly Way[], compared: readonly Way[]): boolean {
  return compared.every((way) => way.place !== place || blocked.includes(way))
}

/** From where nothing is reached over UDP, upstreams that answer over TCP are lost for the same reason. */
function upstreamsOverTcp(ladder: Ladder, places: readonly string[]): string[] {
  const wayOf = ({ hop, from }: Rung): string => `${formatPlace(from)} ${hop.name}`
  const isFromThere = ({ hop, from }: Rung): boolean => hop.kind === 'upstream' && places.includes(formatPlace(from))
  const overTcp = new Set(
    ladder.rungs.filter((rung) => isFromThere(rung) && rung.transport === 'tcp' && rung.result === 'ok').map(wayOf),
  )
  return failedIds(
    ladder,
    (rung) =>
      isFromThere(rung) && rung.transport === 'udp' && rung.observed.kind !== 'response' && overTcp.has(wayOf(rung)),
  )
}

/** A node cache that forwards over UDP cannot reach the Service either. */
function cacheRungs(ladder: Evidence['ladder'], nodes: readonly string[]): string[] {
  return failedIds(
    ladder,
    ({ hop, fromNode = '', observed }) =>
      hop.kind === 'node-cache' && nodes.includes(fromNode) && observed.kind === 'response',
  )
}

/** What TCP brings must be the answer: a server that gives up on its upstream says so to who waits longest. */
function isUdpLost({ udp, rungs }: Way): boolean {
  const isSent = rungs.some(({ transport, observed }) => transport === 'udp' && !isPortMissing(observed))
  return udp === 'silent' && isSent && rungs.some(({ transport, result }) => transport === 'tcp' && result === 'ok')
}

function attemptsOf({ rungs }: Way): number {
  return rungs.filter(({ transport }) => transport === 'udp').reduce((sum, { attempts }) => sum + attempts, 0)
}
