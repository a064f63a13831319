// The connection table of a node is full, or nearly: new flows are dropped, DNS first because each query is one.
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, objectRef, shellQuote } from '../support.ts'
import { kernelOfNode, nodeKernels, seen } from './kernels.ts'

/** Of the limit; the rest fills within seconds under load. */
const NEARLY_FULL = 0.9

export const conntrackTableFull: Cause = {
  code: 'conntrack-table-full',
  needs: [],
  judge(evidence) {
    const { facts, ladder } = evidence
    const full = facts.nodes
      .map(({ name }) => name)
      .filter((name) => usageOf(evidence, name) > NEARLY_FULL || isReported(evidence, name))
    if (full.length > 0) return full.map((node) => judgeNode(evidence, node))
    const read = nodeKernels(ladder).filter(({ node = '' }) => usageOf(evidence, node) >= 0)
    if (read.length === 0) return [notChecked('not-checked.no-conntrack')]
    const fullest = Math.max(...read.map(({ node = '' }) => usageOf(evidence, node)))
    return [
      excluded(line('observed', 'room', { nodes: read.map(({ node }) => node ?? ''), percent: percent(fullest) })),
    ]
  },
}

function judgeNode(evidence: Evidence, node: string): Judgement {
  const { ladder, facts } = evidence
  const usage = usageOf(evidence, node)
  const reading = kernelOfNode(ladder, node)
  const first = seen(reading?.first.conntrackStatistics)
  const second = seen(reading?.second?.conntrackStatistics)
  const dropped = (second?.drop ?? 0) - (first?.drop ?? 0)
  const condition = conditionOf(evidence, node)
  const lines: EvidenceLine[] = [
    ...(usage > NEARLY_FULL
      ? [
          line('observed', 'usage', {
            node,
            entries: first?.entries ?? 0,
            max: first?.max ?? 0,
            percent: percent(usage),
          }),
        ]
      : []),
    ...(second !== undefined && dropped > 0 ? [line('observed', 'dropped', { node, count: dropped })] : []),
    ...(condition === undefined ? [] : [line('observed', 'condition', { node, message: condition })]),
    line('observed', 'pods', { node, count: facts.objects.pods.filter(({ spec }) => spec.nodeName === node).length }),
  ]
  const max = Math.max(first?.max ?? 0, 131_072) * 2
  return {
    status: 'proven',
    subject: { kind: 'node', name: node },
    objects: [objectRef('Node', node, 'status.conditions')],
    values: { node, percent: percent(Math.max(usage, 0)) },
    ...(usage > NEARLY_FULL ? {} : { summary: 'reported' }),
    evidence: lines,
    fix: {
      key: 'conntrack-table-full',
      values: { node },
      command: `ssh ${shellQuote(node)} sudo sysctl -w net.netfilter.nf_conntrack_max=${max}`,
    },
    isFault: dropped > 0 || condition !== undefined || usage >= 1,
    // Its own servers lose what they ask others: they answer that they could not find out.
    explains: failedIds(
      ladder,
      ({ fromNode, hop, observed }) =>
        (fromNode === node || hop.node === node) &&
        (observed.kind !== 'response' || (hop.node === node && observed.rcode === 'SERVFAIL')),
    ),
  }
}

/** Entries by limit; -1 where it was not seen. */
function usageOf({ ladder }: Evidence, node: string): number {
  const statistics = seen(kernelOfNode(ladder, node)?.first.conntrackStatistics)
  return statistics?.max === undefined || statistics.max === 0 ? -1 : statistics.entries / statistics.max
}

function isReported(evidence: Evidence, node: string): boolean {
  return conditionOf(evidence, node) !== undefined
}

/** node-problem-detector's condition. */
function conditionOf({ facts }: Evidence, name: string): string | undefined {
  const conditions = facts.nodes.find((node) => node.name === name)?.node?.conditions ?? []
  const found = conditions.find(({ type, status }) => type === 'ConntrackFull' && status === 'True')
  return found === undefined ? undefined : (found.message ?? found.reason ?? '')
}

function percent(ratio: number): number {
  return Math.round(ratio * 100)
}
