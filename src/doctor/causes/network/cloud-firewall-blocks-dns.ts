// Only nodes of one group or zone fail: a security group or network ACL between groups of nodes is what they share.
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, notChecked, objectRef } from '../support.ts'
import { explainedByBrokenWays, nodeMatrix } from './node-matrix.ts'

/** Labels that clouds and installers put on the nodes of one group, most telling first. */
const GROUP_LABELS: readonly string[] = [
  'eks.amazonaws.com/nodegroup',
  'alpha.eksctl.io/nodegroup-name',
  'karpenter.sh/nodepool',
  'cloud.google.com/gke-nodepool',
  'kubernetes.azure.com/agentpool',
  'agentpool',
  'kops.k8s.io/instancegroup',
  'doks.digitalocean.com/node-pool',
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/zone',
]

export const cloudFirewallBlocksDns: Cause = {
  code: 'cloud-firewall-blocks-dns',
  needs: ['nodes', 'probes'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const matrix = nodeMatrix(ladder)
  const { broken, working } = matrix
  if (broken.length === 0) {
    return working.length === 0
      ? notChecked('not-checked.no-cross-node')
      : excluded(line('observed', 'works', { count: working.length }))
  }
  const asked = new Set([...broken, ...working].flatMap(({ node, hop }) => [node, hop.node ?? '']))
  const labels = new Map(facts.nodes.map(({ name, node }) => [name, node?.meta.labels ?? {}]))
  const found = GROUP_LABELS.flatMap((label) => {
    const valueOf = (node: string): string | undefined => labels.get(node)?.[label]
    const members = (value: string): string[] => [...asked].filter((node) => valueOf(node) === value)
    const values = [...new Set([...asked].flatMap((node) => valueOf(node) ?? []))]
    // What is broken leads from one group to another, and what works stays within one.
    const isBetween = broken.every(
      ({ node, hop }) => valueOf(node) !== undefined && valueOf(node) !== valueOf(hop.node ?? ''),
    )
    const staysWithin = working.every(({ node, hop }) => valueOf(node) === valueOf(hop.node ?? ''))
    return values
      .filter((value) => members(value).length > 1 && members(value).length < asked.size)
      .filter((value) => {
        const own = new Set(members(value))
        const crosses = (from: string, to: string): boolean => own.has(from) !== own.has(to)
        const isCut =
          broken.every(({ node, hop }) => crosses(node, hop.node ?? '')) &&
          !working.some(({ node, hop }) => crosses(node, hop.node ?? ''))
        return isCut || (isBetween && staysWithin)
      })
      .map((value) => ({ label, value, nodes: members(value) }))
  })
  const [group] = found
  if (group === undefined) return excluded(line('observed', 'no-group', { count: broken.length }))
  const { label, value, nodes } = group
  const others = [...asked].filter((node) => !nodes.includes(node))
  return {
    status: 'suspected',
    subject: { kind: 'node', name: nodes.join(', ') },
    objects: nodes.map((node) => objectRef('Node', node, `metadata.labels.${label}`)),
    values: { label, value, nodes, others },
    evidence: [
      line('observed', 'between', { count: broken.length, nodes, others }),
      line('observed', 'label', { label, value, nodes }),
      ...(working.length > 0 ? [line('observed', 'within', { count: working.length })] : []),
    ],
    fix: {
      key: 'cloud-firewall-blocks-dns',
      values: { label, value },
      command: [
        `kubectl get node -L ${label}`,
        '# cloud: allow 53/udp and 53/tcp, and the pod network, between the security groups of these nodes',
      ].join('\n'),
    },
    isFault: false,
    explains: explainedByBrokenWays(ladder, matrix),
    missing: [phrase('cloud-firewall-blocks-dns.missing-cloud', { label, value })],
  }
}
