// The UDP port that carries the pod network between nodes is blocked, or nodes use different ones.
import type { ClusterFacts } from '../../facts/index.ts'
import type { Ladder } from '../../ladder/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { excluded, notChecked, objectRef, shellQuote } from '../support.ts'
import { blockingRules, nodeKernels, seen } from './kernels.ts'
import { explainedByBrokenWays, nodeMatrix } from './node-matrix.ts'

export const vxlanPortBlocked: Cause = {
  code: 'vxlan-port-blocked',
  needs: [],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const devices = vxlanDevices(ladder)
  const annotated = annotatedNodes(facts)
  if (devices.length === 0 && annotated.length === 0) {
    const read = nodeKernels(ladder).filter(({ first }) => seen(first.links) !== undefined)
    return read.length === 0
      ? notChecked('not-checked.no-links')
      : excluded(line('observed', 'no-vxlan', { nodes: read.map(({ node }) => node ?? '') }))
  }
  const matrix = nodeMatrix(ladder)
  if (matrix.broken.length === 0) {
    return matrix.working.length === 0
      ? notChecked('not-checked.no-cross-node')
      : excluded(line('observed', 'works', { count: matrix.working.length }))
  }
  const ports = new Set(devices.map(({ port }) => port))
  const usual = mostFrequent(devices.map(({ port }) => port)) ?? 8472
  const others = devices.filter(({ port }) => port !== usual)
  const rules = nodeKernels(ladder)
    .flatMap(blockingRules)
    .filter(
      ({ protocol, destinationPort }) =>
        protocol === 'udp' &&
        destinationPort !== undefined &&
        (ports.has(destinationPort) || destinationPort === usual),
    )
  const nodes = [...new Set([...rules.map(({ node }) => node), ...others.map(({ node }) => node)])]
  const shown = nodes.length > 0 ? nodes : [...matrix.cutOff]
  const isProven = nodes.length > 0
  const proof: EvidenceLine[] = [
    ...rules.slice(0, 2).map(({ node, text, growth }) => line('observed', 'rule', { node, rule: text, count: growth })),
    ...others
      .slice(0, 2)
      .map(({ node, name, port }) => line('observed', 'other-port', { node, device: name, port, usual })),
  ]
  const [way] = matrix.broken
  const finding = {
    subject: { kind: 'node', name: shown.join(', ') } as const,
    objects: shown.map((node) => objectRef('Node', node)),
    values: { nodes: shown, port: usual },
    ...(isProven ? (rules.length > 0 ? {} : { summary: 'different-ports' }) : { summary: 'maybe' }),
    evidence: [
      ...proof,
      devices.length > 0
        ? line('observed', 'devices', { count: devices.length, port: [...ports].map(String) })
        : line('stated', 'annotation', { nodes: annotated }),
      line('observed', 'broken', {
        count: matrix.broken.length,
        from: way?.node ?? '',
        to: way?.hop.name ?? '',
        node: way?.hop.node ?? '',
      }),
    ],
    fix: {
      key: rules.length > 0 || !isProven ? 'vxlan.open-port' : 'vxlan.align-port',
      values: { nodes: shown, port: usual },
      command: shown
        .slice(0, 3)
        .map((node) =>
          rules.length > 0 || !isProven
            ? `ssh ${shellQuote(node)} sudo iptables -I INPUT -p udp --dport ${usual} -j ACCEPT   # and in the cloud's security group`
            : `ssh ${shellQuote(node)} 'ip -d link show type vxlan'; kubectl -n kube-flannel rollout restart daemonset kube-flannel-ds`,
        )
        .join('\n'),
    },
    isFault: isProven,
    explains: explainedByBrokenWays(ladder, matrix),
  }
  return isProven
    ? { status: 'proven', ...finding }
    : {
        status: 'suspected',
        ...finding,
        missing: [phrase('vxlan-port-blocked.missing-capture', { nodes: shown, port: usual })],
      }
}

interface Device {
  readonly node: string
  readonly name: string
  readonly port: number
}

function vxlanDevices(ladder: Ladder): Device[] {
  return nodeKernels(ladder).flatMap(({ node = '', first }) =>
    (seen(first.links) ?? []).flatMap(({ name, vxlan }) =>
      vxlan === undefined ? [] : [{ node, name, port: vxlan.port }],
    ),
  )
}

/** Nodes whose network plugin says that it uses VXLAN. */
function annotatedNodes({ nodes }: ClusterFacts): string[] {
  return nodes.flatMap(({ name, node }) => {
    const annotations = node?.meta.annotations ?? {}
    const isVxlan =
      annotations['flannel.alpha.coreos.com/backend-type'] === 'vxlan' ||
      annotations['projectcalico.org/IPv4VXLANTunnelAddr'] !== undefined
    return isVxlan ? [name] : []
  })
}

function mostFrequent(numbers: readonly number[]): number | undefined {
  const counts = new Map<number, number>()
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0]
}
