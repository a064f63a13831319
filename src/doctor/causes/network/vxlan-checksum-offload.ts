// A kernel or card writes wrong checksums on encapsulated datagrams that were translated: the other node throws them away.
import type { KernelReading } from '../../ladder/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, failedIds, notChecked, objectRef, shellQuote } from '../support.ts'
import { nodeKernels, seen } from './kernels.ts'
import { isAnswered, isSilent, waysTo } from './ways.ts'

/** TCP retries a lost SYN after 1 s, and again after 2, 4, …: 63 s in all. */
const SLOW_MS = 900

export const vxlanChecksumOffload: Cause = {
  code: 'vxlan-checksum-offload',
  needs: ['dns-service', 'probes'],
  judge: (evidence) => [judge(evidence)],
}

function judge(evidence: Evidence): Judgement {
  const { facts, ladder } = evidence
  const read = nodeKernels(ladder)
  const tunnels = read.filter(({ first }) => deviceOf(first) !== undefined)
  if (read.length > 0 && tunnels.length === 0)
    return excluded(line('observed', 'no-vxlan', { nodes: read.map(({ node }) => node ?? '') }))
  const withReplica = new Set(facts.dns.replicas.filter(({ ready }) => ready).map(({ node }) => node))
  const troubled = troubledNodes(evidence).filter((node) => !withReplica.has(node))
  const direct = waysTo(ladder, 'replica').filter(
    ({ node, hop }) => troubled.includes(node) && hop.node !== node && hop.node !== undefined,
  )
  if (troubled.length === 0 || direct.length === 0 || !direct.every(isAnswered)) {
    return excluded(line('observed', 'no-pattern', { nodes: troubled }))
  }
  const counting = tunnels.flatMap((reading) => {
    const growth = checksumGrowth(reading)
    return growth === undefined || growth <= 0 || troubled.includes(reading.node ?? '') ? [] : [{ ...reading, growth }]
  })
  const known = tunnels.filter((reading) => checksumGrowth(reading) !== undefined)
  if (counting.length === 0 && known.length > 0) {
    return excluded(line('observed', 'checksums-fine', { nodes: known.map(({ node }) => node ?? '') }))
  }
  if (tunnels.length === 0) return notChecked('not-checked.no-links')
  const device = tunnels.map(({ first }) => deviceOf(first)).find((name) => name !== undefined) ?? ''
  const finding = {
    subject: { kind: 'node', name: troubled.join(', ') } as const,
    objects: troubled.map((node) => objectRef('Node', node)),
    values: { nodes: troubled, device },
    ...(counting.length > 0 ? {} : { summary: 'maybe' }),
    evidence: [
      ...counting.map(({ node = '', growth }) => line('observed', 'checksums', { node, count: growth })),
      line('observed', 'service', { nodes: troubled, address: facts.dns.service?.clusterIPs.join(', ') ?? '' }),
      line('observed', 'direct', { count: direct.length }),
    ],
    fix: {
      key: 'vxlan-checksum-offload',
      values: { nodes: troubled, device },
      command: troubled
        .map((node) => `ssh ${shellQuote(node)} sudo ethtool -K ${device} tx-checksum-ip-generic off`)
        .join('\n'),
    },
    isFault: counting.length > 0,
    explains: failedIds(
      ladder,
      ({ fromNode = '', hop }) =>
        troubled.includes(fromNode) && (hop.kind === 'dns-service' || hop.kind === 'node-cache'),
    ),
  }
  return counting.length > 0
    ? { status: 'proven', ...finding }
    : {
        status: 'suspected',
        ...finding,
        missing: [phrase('vxlan-checksum-offload.missing-checksums', { nodes: [...withReplica] })],
      }
}

/** Nodes from which the Service IP is silent, or as slow as a lost SYN makes it. */
function troubledNodes({ ladder }: Evidence): string[] {
  const silent = waysTo(ladder, 'dns-service')
    .filter(isSilent)
    .map(({ node }) => node)
  const slow = askedRungs(ladder)
    .filter(({ hop, purpose, rttMs = 0 }) => hop.kind === 'dns-service' && purpose === 'canary' && rttMs >= SLOW_MS)
    .map(({ fromNode = '' }) => fromNode)
  return [...new Set([...silent, ...slow])]
}

function deviceOf({ links }: KernelReading['first']): string | undefined {
  return seen(links)?.find(({ vxlan }) => vxlan !== undefined)?.name
}

/** Datagrams that the kernel threw away for their checksum: what it also writes to its log as "UDP: bad checksum". */
function checksumGrowth({ first, second }: KernelReading): number | undefined {
  const [before, after] = [seen(first.udp), seen(second?.udp)]
  return before === undefined || after === undefined
    ? undefined
    : (after.counters['InCsumErrors'] ?? 0) - (before.counters['InCsumErrors'] ?? 0)
}
