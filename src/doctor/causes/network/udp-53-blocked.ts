// UDP to port 53 brings nothing where TCP to the same server brings an answer.
import type { Ladder } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, objectRef, shellQuote } from '../support.ts'
import { blockingRules, nodeKernels } from './kernels.ts'
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
  return {
    status: 'proven',
    subject: { kind: 'node', name: nodes.join(', ') },
    objects: nodes.map((node) => objectRef('Node', node)),
    values: { nodes, servers },
    evidence: [
      line('observed', 'differs', {
        place: way.place,
        server: way.hop.name,
        address: way.address,
        attempts: attemptsOf(way),
      }),
      ...(blocked.length > 1 ? [line('observed', 'all', { count: blocked.length, of: compared.length })] : []),
      ...rules
        .slice(0, 2)
        .map(({ node, text, growth }) => line('observed', 'rule', { node, rule: text, count: growth })),
    ],
    fix: {
      key: 'udp-53-blocked',
      values: { nodes },
      command:
        rules.length > 0
          ? deleteCommands(rules)
          : nodes
              .slice(0, 3)
              .map(
                (node) =>
                  `ssh ${shellQuote(node)} 'sudo iptables-save -c | grep -E "udp.*(DROP|REJECT)"'   # and the firewalls between nodes`,
              )
              .join('\n'),
    },
    isFault: true,
    // Where replicas answer over UDP from there, what is lost is lost at the cache.
    ...(blocked.every(({ hop }) => hop.kind === 'node-cache') ? { beneath: AT_CACHE } : {}),
    explains: failedIds(
      ladder,
      ({ from, fromNode = '', hop, transport, observed }) =>
        transport === 'udp' &&
        observed.kind !== 'response' &&
        (hop.kind === 'dns-service' || servers.includes(hop.name)) &&
        (nodes.includes(fromNode) || places.has(from.kind)),
    ).concat(
      cacheRungs(ladder, nodes),
      upstreamRungs(
        ladder,
        rules.map(({ node }) => node),
      ),
    ),
  }
}

/**
 * Some datagrams are dropped and others are not, as with a rule that matches by chance or beyond a rate: only many attempts
 * (`--repeat`) show it, and only the rule itself tells it from a lossy link.
 */
function blockedAtTimes(ladder: Ladder, compared: readonly Way[]): Judgement | undefined {
  const rules = rulesAgainstDns(ladder)
  const nodes = [...new Set(rules.map(({ node }) => node))]
  const isConcerned = (node = ''): boolean => nodes.includes(node)
  const lossy = compared.filter(
    (way) => (isConcerned(way.node) || isConcerned(way.hop.node)) && countsOf(way, 'udp').lost > 0,
  )
  const [way] = lossy.toSorted((a, b) => countsOf(b, 'udp').lost - countsOf(a, 'udp').lost)
  if (way === undefined) return undefined
  const [udp, tcp] = [countsOf(way, 'udp'), countsOf(way, 'tcp')]
  return {
    status: 'proven',
    subject: { kind: 'node', name: nodes.join(', ') },
    objects: nodes.map((node) => objectRef('Node', node)),
    values: { nodes, servers: [...new Set(lossy.map(({ hop }) => hop.name))] },
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
      ...rules
        .slice(0, 2)
        .map(({ node, text, growth }) => line('observed', 'rule', { node, rule: text, count: growth })),
    ],
    fix: { key: 'udp-53-blocked', values: { nodes }, command: deleteCommands(rules) },
    isFault: true,
    explains: failedIds(
      ladder,
      ({ fromNode, hop, transport, observed }) =>
        transport === 'udp' && observed.kind !== 'response' && (isConcerned(fromNode) || isConcerned(hop.node)),
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
  return nodeKernels(ladder)
    .flatMap(blockingRules)
    .filter(
      ({ protocol, destinationPort }) =>
        protocol === 'udp' && (destinationPort === 53 || destinationPort === undefined),
    )
}

function deleteCommands(rules: readonly BlockingRule[]): string {
  return rules
    .slice(0, 4)
    .map(({ node, text }) => `ssh ${shellQuote(node)} sudo iptables -t ${text.replace(': -A ', ' -D ')}`)
    .join('\n')
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
