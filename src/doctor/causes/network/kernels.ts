// What causes read from the kernels of nodes: a table or nothing, and counters as differences.
import type { KernelReading, Ladder } from '../../ladder/index.ts'

/** The tables of the node itself, not of a pod on it; undefined where they were not read. */
export function kernelOfNode(ladder: Ladder, node: string): KernelReading | undefined {
  return nodeKernels(ladder).find((reading) => reading.node === node)
}

/** The kernels of nodes that were read. */
export function nodeKernels({ kernels }: Ladder): KernelReading[] {
  return kernels.read.filter(({ place, node }) => place.kind !== 'pod' && node !== undefined)
}

/** The namespaces of pods that were read: of those that were asked from, and of servers that lost something. */
export function podKernels({ kernels }: Ladder): KernelReading[] {
  return kernels.read.filter(({ place, node }) => place.kind === 'pod' && node !== undefined)
}

/** A table that was seen. */
export function seen<Table extends object>(
  table: Table | { readonly kind: 'skipped' } | undefined,
): Exclude<Table, { readonly kind: 'skipped' }> | undefined {
  if (table === undefined || ('kind' in table && table.kind === 'skipped')) return undefined
  return table as Exclude<Table, { readonly kind: 'skipped' }>
}

/** A rule that held packets back between the two readings. */
export interface BlockingRule {
  readonly node: string
  /** `NAMESPACE/NAME` of the pod in whose namespace it is; absent for the node's own. */
  readonly pod?: string
  /** As iptables-save writes it, behind its table: `raw: -A PREROUTING …`. */
  readonly text: string
  readonly chain: string
  readonly protocol?: string
  readonly destinationPort?: number
  /** Packets between the readings. */
  readonly growth: number
}

/** Chains that network plugins and kube-proxy write: what they hold back is their policy, no firewall of the host's. */
const OF_PLUGINS = /^(cali|KUBE-|CILIUM|OLD_CILIUM|WEAVE|FLANNEL|CNI-|ANTREA)/

/** Rules of a place's own firewall that drop or reject, and did so while the ladder was climbed. */
export function blockingRules({ place, node = '', first, second }: KernelReading): BlockingRule[] {
  const [before, after] = [rulesOf(first.iptables), rulesOf(second?.iptables)]
  return [...after].flatMap(([text, { rule, packets }]) => {
    const growth = packets - (before.get(text)?.packets ?? 0)
    if (growth <= 0) return []
    const { chain, protocol, destinationPort } = rule
    const match = {
      ...(protocol === undefined ? {} : { protocol }),
      ...(destinationPort === undefined ? {} : { destinationPort }),
    }
    const owner = place.kind === 'pod' ? { pod: `${place.namespace}/${place.name}` } : {}
    return [{ node, ...owner, text, chain, growth, ...match }]
  })
}

type Iptables = KernelReading['first']['iptables']
/** The rules of one backend and family. */
export type IptablesRules = Extract<Iptables, readonly unknown[]>[number]
type Rule = IptablesRules['rules'][number]

function rulesOf(iptables: Iptables | undefined): Map<string, { readonly rule: Rule; readonly packets: number }> {
  const found = new Map<string, { readonly rule: Rule; readonly packets: number }>()
  for (const { rules } of seen(iptables) ?? []) {
    for (const rule of rules) {
      if ((rule.target !== 'DROP' && rule.target !== 'REJECT') || OF_PLUGINS.test(rule.chain)) continue
      const text = `${rule.table}: ${rule.text}`
      found.set(text, { rule, packets: rule.packets + (found.get(text)?.packets ?? 0) })
    }
  }
  return found
}
