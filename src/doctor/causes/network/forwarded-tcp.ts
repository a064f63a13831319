// A node forwards UDP for its pods and not TCP to port 53: nobody elsewhere gets long responses of its replicas, and caches that ask over TCP get none.
import type { Ladder, Rung } from '../../ladder/index.ts'
import { phrase } from '../../ladder/index.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { failedIds, objectRef, shellQuote } from '../support.ts'
import { blockingRules, kernelOfNode } from './kernels.ts'
import type { BlockingRule } from './kernels.ts'
import { waysTo } from './ways.ts'
import type { Way } from './ways.ts'

/** Places that must agree where no rule was seen: one alone may have a fault of its own. */
const LEAST_PLACES = 2

/**
 * Judges the ways that a node has to forward and that lose TCP only.
 *
 * Proven by a rule of the node that held TCP back meanwhile; suspected where every other place loses TCP to a replica that
 * answers over TCP on its own node. Undefined where neither is so.
 *
 * @param forwarded what the node has to forward
 */
export function judgeForwardedTcp(ladder: Ladder, node: string, forwarded: readonly Way[]): Judgement | undefined {
  const lost = forwarded.filter(isTcpLost)
  const [way] = lost
  if (way === undefined) return undefined
  const rules = rulesAgainstTcp(ladder, node)
  const toReplicas = lost.filter(({ isPod }) => !isPod)
  const servers = [...new Set(toReplicas.map(({ hop }) => hop.name))]
  const places = [...new Set(toReplicas.map(({ place }) => place.replace(/^node\//, '')))]
  const isPattern = places.length >= LEAST_PLACES && servers.every((server) => isLostFromElsewhereOnly(ladder, server))
  if (rules.length === 0 && !isPattern) return undefined
  const finding = {
    subject: { kind: 'node', name: node } as const,
    objects: [objectRef('Node', node)],
    values: { node, servers: servers.length > 0 ? servers : [way.hop.name], count: places.length },
    summary: servers.length > 0 ? 'tcp-to-replicas' : 'tcp-of-pods',
    evidence: [
      ...rules.slice(0, 2).map(({ text, growth }) => line('observed', 'rule', { node, rule: text, count: growth })),
      ...servers.slice(0, 2).map((server) =>
        line('observed', 'tcp-lost', {
          server,
          places: toReplicas.filter(({ hop }) => hop.name === server).map(({ place }) => place.replace(/^node\//, '')),
        }),
      ),
      ...servers
        .filter((server) => answersAtHome(ladder, server))
        .slice(0, 1)
        .map((server) => line('observed', 'tcp-at-home', { server, node })),
      ...(servers.length > 0
        ? []
        : [line('observed', 'tcp-lost-of-pod', { place: way.place, server: way.hop.name, address: way.address })]),
      line('observed', 'udp-passes', { count: lost.length }),
    ],
    fix: {
      key: 'host-firewall-or-forwarding',
      values: { node },
      command:
        rules.length === 0
          ? `ssh ${shellQuote(node)} 'sudo iptables-save -c | grep -E "tcp.*(DROP|REJECT)"; sudo nft list ruleset | grep -E "tcp.*(drop|reject)"'`
          : rules
              .slice(0, 4)
              .map(
                ({ text }) =>
                  `ssh ${shellQuote(node)} ${shellQuote(`sudo iptables -t ${text.replace(': -A ', ' -D ')}`)}`,
              )
              .join('\n'),
    },
    isFault: rules.length > 0,
    explains: explained(ladder, { node, servers, lost }),
  }
  return rules.length > 0
    ? { status: 'proven', ...finding }
    : { status: 'suspected', ...finding, missing: [phrase('host-firewall-or-forwarding.missing-reason', { node })] }
}

/** TCP was asked and brings nothing while UDP brings answers. */
export function isTcpLost({ udp, tcp }: Way): boolean {
  return tcp === 'silent' && udp === 'answered'
}

/** Every place but those on the replica's own node loses TCP to it. */
function isLostFromElsewhereOnly(ladder: Ladder, server: string): boolean {
  const ways = waysTo(ladder, 'replica').filter(({ hop, tcp }) => hop.name === server && tcp !== 'unasked')
  return answersAtHome(ladder, server) && ways.every((way) => way.node === way.hop.node || isTcpLost(way))
}

function answersAtHome(ladder: Ladder, server: string): boolean {
  return waysTo(ladder, 'replica').some(
    ({ hop, node, tcp }) => hop.name === server && node === hop.node && tcp === 'answered',
  )
}

/** What a packet to the node itself passes holds back nothing that it forwards. */
function rulesAgainstTcp(ladder: Ladder, node: string): BlockingRule[] {
  const reading = kernelOfNode(ladder, node)
  return (reading === undefined ? [] : blockingRules(reading)).filter(
    ({ text, chain, protocol, destinationPort }) =>
      (text.startsWith('filter: ') || chain === 'FORWARD') &&
      chain !== 'INPUT' &&
      chain !== 'OUTPUT' &&
      protocol === 'tcp' &&
      (destinationPort === 53 || destinationPort === undefined),
  )
}

interface Lost {
  readonly node: string
  readonly servers: readonly string[]
  readonly lost: readonly Way[]
}

/** Those ways, what the Service handed to such a replica over TCP, and caches that ask over TCP. */
function explained(ladder: Ladder, { node, servers, lost }: Lost): string[] {
  const direct = new Set(lost.flatMap(({ rungs }) => rungs.filter(isOverTcp).map(({ id }) => id)))
  return failedIds(ladder, (rung) => {
    const { id, hop, from, fromNode, observed } = rung
    if (direct.has(id)) return true
    if (hop.kind === 'node-cache') return servers.length > 0
    if (!isOverTcp(rung) || observed.kind === 'response') return false
    if (from.kind === 'pod' && fromNode === node) return true
    return hop.kind === 'dns-service' ? servers.length > 0 : servers.includes(hop.name) && fromNode !== node
  })
}

function isOverTcp({ transport }: Rung): boolean {
  return transport === 'tcp'
}
