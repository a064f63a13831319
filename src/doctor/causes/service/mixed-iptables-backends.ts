// Rules are split between iptables-legacy and iptables-nft: each program sees, and changes, only its own.
import type { KernelReading } from '../../ladder/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, objectRef, shellQuote } from '../support.ts'
import { nodeKernels, seen } from '../network/kernels.ts'

/** Fewer rules than these are somebody's few lines, not the leavings of another kube-proxy. */
const MANY = 10

export const mixedIptablesBackends: Cause = {
  code: 'mixed-iptables-backends',
  needs: [],
  judge(evidence) {
    const shown = nodeKernels(evidence.ladder).filter(({ first }) => seen(first.iptables) !== undefined)
    if (shown.length === 0) return [notChecked('not-checked.no-kernel')]
    const mixed = shown.flatMap((reading) => judgeNode(evidence, reading))
    if (mixed.length > 0) return mixed
    return [excluded(line('observed', 'one-backend', { nodes: shown.map(({ node }) => node ?? '') }))]
  },
}

function judgeNode({ ladder }: Evidence, { node = '', first }: KernelReading): Judgement[] {
  const rules = (seen(first.iptables) ?? []).filter(({ family }) => family === 4)
  const legacy = rules.find(({ backend }) => backend === 'legacy')
  const nft = rules.find(({ backend }) => backend === 'nft')
  if (legacy === undefined || nft === undefined) return []
  const kube = [legacy, nft].filter(({ chains }) => chains.some(({ name }) => name.startsWith('KUBE-')))
  const policies = [legacy, nft].map(({ chains }) => forwardPolicy(chains))
  const isSplit = kube.length === 1
  const isLarge = legacy.total >= MANY && nft.total >= MANY
  const differs = policies[0] !== policies[1]
  const finding = {
    subject: { kind: 'node', name: node } as const,
    objects: [objectRef('Node', node)],
    values: { node, backend: kube[0]?.backend ?? '' },
    ...(isSplit ? {} : { summary: 'both' }),
    evidence: [
      line('observed', 'totals', { node, legacy: legacy.total, nft: nft.total }),
      isSplit
        ? line('observed', 'kube-chains', { node, backend: kube[0]?.backend ?? '' })
        : line('observed', 'kube-chains-both', { node, count: kube.length }),
      line('observed', 'policies', { legacy: policies[0] ?? '', nft: policies[1] ?? '' }),
    ],
    fix: {
      key: 'mixed-iptables-backends',
      values: { node },
      command: [
        `ssh ${shellQuote(node)} 'iptables --version; sudo iptables-legacy-save | grep -c ^-A; sudo iptables-nft-save | grep -c ^-A'`,
        `ssh ${shellQuote(node)} 'sudo update-alternatives --set iptables /usr/sbin/iptables-nft && sudo reboot'`,
      ].join('\n'),
    },
    isFault: false,
    explains: failedIds(
      ladder,
      ({ hop, fromNode }) =>
        (fromNode === node && hop.kind !== 'upstream') || (hop.kind === 'replica' && hop.node === node),
    ),
  }
  return [
    isSplit && isLarge && differs
      ? { status: 'proven', ...finding }
      : { status: 'suspected', ...finding, missing: [phrase('mixed-iptables-backends.missing-split', { node })] },
  ]
}

function forwardPolicy(
  chains: readonly { readonly table: string; readonly name: string; readonly policy?: string }[],
): string {
  return chains.find(({ table, name }) => table === 'filter' && name === 'FORWARD')?.policy ?? 'ACCEPT'
}
