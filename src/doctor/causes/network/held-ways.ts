// Single ways to CoreDNS pods that a rule of a node at one of their ends holds back: the rule names an address of the way, and was met
// while the way was tried.
import type { Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { failedIds, objectRef, shellQuote } from '../support.ts'
import { addressesOfAsker } from './asker-addresses.ts'
import { countedRules, isBlocking, kernelOfNode } from './kernels.ts'
import type { CountedRule } from './kernels.ts'
import { explainedByBrokenWays } from './node-matrix.ts'
import { matchesPackets, namesAddress } from './rule-match.ts'
import { isSilent, waysTo } from './ways.ts'
import type { Way } from './ways.ts'

/** Most ways and rules that are named. */
const MOST_NAMED = 3

/** Judges the silent ways that rules of one node cover; undefined where there are none. */
export function judgeHeldWays(evidence: Evidence, node: string): Judgement | undefined {
  const { ladder } = evidence
  const reading = kernelOfNode(ladder, node)
  if (reading === undefined) return undefined
  const rules = countedRules(reading).filter(
    ({ rule, growth }) => growth > 0 && isBlocking(rule) && namesAddress(rule.text),
  )
  const held = waysTo(ladder, 'replica')
    .filter((way) => isSilent(way) && (way.node === node || way.hop.node === node))
    .map((way) => ({ way, rules: rulesAgainst(evidence, rules, { way, node }) }))
    .filter((one) => one.rules.length > 0)
  const [first] = held
  if (first === undefined) return undefined
  const ways = held.map(({ way }) => way)
  const met = [...new Set(held.flatMap((one) => one.rules))].slice(0, MOST_NAMED)
  const ids = new Set(ways.flatMap(({ rungs }) => rungs.map(({ id }) => id)))
  return {
    status: 'proven',
    subject: { kind: 'node', name: node },
    objects: [objectRef('Node', node)],
    values: {
      node,
      place: first.way.place.replace(/^node\//, ''),
      server: first.way.hop.name,
      address: first.way.address,
      count: held.length,
      rule: `${first.rules[0]?.rule.table ?? ''}: ${first.rules[0]?.rule.text ?? ''}`,
    },
    summary: held.length === 1 ? 'way-held' : 'ways-held',
    evidence: [
      ...met.map(({ rule, growth }) =>
        line('observed', 'rule', { node, rule: `${rule.table}: ${rule.text}`, count: growth }),
      ),
      ...ways
        .slice(0, MOST_NAMED)
        .map(({ place, hop, address }) =>
          line('observed', 'way-lost', { place: place.replace(/^node\//, ''), server: hop.name, address }),
        ),
    ],
    fix: {
      key: 'host-firewall-or-forwarding.rule',
      values: { node },
      command: met.map(({ removal }) => `ssh ${shellQuote(node)} ${shellQuote(removal)}`).join('\n'),
    },
    isFault: true,
    explains: [
      ...new Set([...explainedByBrokenWays(ladder, { broken: ways }), ...failedIds(ladder, ({ id }) => ids.has(id))]),
    ],
  }
}

/** The rules that cover a way, over every transport that it loses; none where one transport is lost for another reason. */
function rulesAgainst(
  { facts, ladder }: Evidence,
  rules: readonly CountedRule[],
  { way, node }: { readonly way: Way; readonly node: string },
): CountedRule[] {
  const askers = addressesOfAsker({ facts, ladder }, way)
  const isAskers = way.node === node && !way.isPod
  const lost = (['udp', 'tcp'] as const).filter((transport) => way[transport] === 'silent')
  const covering = lost.map((protocol) =>
    rules.filter(({ rule }) => {
      const sent = { protocol, sources: askers, destinations: [way.address], destinationPort: 53 }
      const back = { protocol, sources: [way.address], sourcePort: 53, destinations: askers }
      const isOnWay = matchesPackets(rule.text, sent)
      const isOnWayBack = matchesPackets(rule.text, back)
      switch (rule.chain) {
        case 'INPUT':
          return isAskers && isOnWayBack
        case 'OUTPUT':
          return isAskers && isOnWay
        case 'FORWARD':
          return !isAskers && (isOnWay || isOnWayBack)
        default:
          return isOnWay || isOnWayBack
      }
    }),
  )
  return covering.every((some) => some.length > 0) ? [...new Set(covering.flat())] : []
}
