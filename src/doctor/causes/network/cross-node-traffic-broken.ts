// A CoreDNS pod is reached from its own node only: whatever carries pod traffic between nodes is broken.
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, notChecked, objectRef } from '../support.ts'
import { explainedByBrokenWays, nodeMatrix } from './node-matrix.ts'
import { judgeLostRoute, lostRoutes } from './lost-routes.ts'
import { waysTo } from './ways.ts'
import type { Way } from './ways.ts'

export const crossNodeTrafficBroken: Cause = {
  code: 'cross-node-traffic-broken',
  needs: ['probes'],
  judge(evidence) {
    const lost = lostRoutes(evidence)
    if (lost.length === 0) return [judge(evidence)]
    const byRoute = lost.map((route) => judgeLostRoute(evidence, route))
    const routed = new Set(lost.flatMap(({ ways }) => ways.map(keyOf)))
    const isAll = nodeMatrix(evidence.ladder).broken.every((way) => routed.has(keyOf(way)))
    return isAll ? byRoute : [...byRoute, judge(evidence)]
  },
}

function keyOf({ place, hop, address }: Way): string {
  return `${place} ${hop.name} ${address}`
}

function judge({ ladder }: Evidence): Judgement {
  const matrix = nodeMatrix(ladder)
  const { broken, working, local, cutOff, oneWay } = matrix
  if (broken.length === 0) {
    return waysTo(ladder, 'replica').length === 0 || working.length === 0
      ? notChecked('not-checked.no-cross-node')
      : excluded(line('observed', 'works', { count: working.length }))
  }
  if (cutOff.length === 0)
    return excluded(line('observed', 'no-pattern', { broken: broken.length, working: working.length }))
  const inside = local.filter(({ node }) => cutOff.includes(node))
  const isWhole = working.length === 0
  const isOneWay = oneWay.length > 0
  // UDP alone may be what is held back.
  const isTcpAsked = broken.every(({ tcp }) => tcp !== 'unasked')
  const [way] = broken
  const nodes = [...cutOff]
  const finding = {
    subject: { kind: 'node', name: nodes.join(', ') } as const,
    objects: nodes.map((node) => objectRef('Node', node)),
    values: { nodes },
    ...(isWhole ? {} : { summary: isOneWay ? 'one-way' : 'some-nodes' }),
    evidence: [
      line('observed', isTcpAsked ? 'broken' : 'broken-udp', {
        count: broken.length,
        from: way?.node ?? '',
        to: way?.hop.name ?? '',
        address: way?.address ?? '',
        node: way?.hop.node ?? '',
      }),
      ...(inside.length === 0
        ? []
        : [line('observed', 'local', { nodes: [...new Set(inside.map(({ node }) => node))], count: inside.length })]),
      isWhole
        ? line('observed', 'diagonal', { count: broken.length })
        : line('observed', isOneWay ? 'others-reach' : 'others-work', { count: working.length, nodes }),
    ],
    fix: {
      key: 'cross-node-traffic-broken',
      values: { nodes },
      command: [
        `kubectl -n kube-system get pod -o wide --field-selector spec.nodeName=${nodes[0] ?? 'NODE'}`,
        `ssh ${nodes[0] ?? 'NODE'} 'ip route; ip -d link; sudo iptables-save -c | grep -E "DROP|REJECT"'`,
        `ssh ${nodes[0] ?? 'NODE'} sudo tcpdump -ni any 'udp port 8472 or udp port 4789 or ip proto 4'`,
      ].join('\n'),
    },
    isFault: true,
    explains: explainedByBrokenWays(ladder, matrix),
  }
  const missing = [
    ...(inside.length > 0 ? [] : [phrase('cross-node-traffic-broken.missing-local', { nodes })]),
    ...(isTcpAsked ? [] : [phrase('cross-node-traffic-broken.missing-tcp', { nodes })]),
  ]
  return missing.length === 0 ? { status: 'proven', ...finding } : { status: 'suspected', ...finding, missing }
}
