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
export function blockingRules(reading: KernelReading): BlockingRule[] {
  const { place } = reading
  return countedRules(reading).flatMap(({ rule, node, growth }) => {
    const { chain, protocol, destinationPort } = rule
    if (growth <= 0 || !isBlocking(rule)) return []
    const match = {
      ...(protocol === undefined ? {} : { protocol }),
      ...(destinationPort === undefined ? {} : { destinationPort }),
    }
    const owner = place.kind === 'pod' ? { pod: `${place.namespace}/${place.name}` } : {}
    return [{ node, ...owner, text: `${rule.table}: ${rule.text}`, chain, growth, ...match }]
  })
}

/** A rule that somebody else than network plugins and kube-proxy wrote, and how often it was met. */
export interface CountedRule {
  readonly node: string
  readonly rule: Rule
  /** Packets at the last reading. */
  readonly packets: number
  /** Packets between the readings; all of a rule that the first one did not show. */
  readonly growth: number
  /** The command that takes it out again. */
  readonly removal: string
}

/** The rules of the node's own; those that stand twice with one text are one. */
export function countedRules({ node = '', first, second }: KernelReading): CountedRule[] {
  const before = rulesOf(first.iptables)
  const after = second === undefined ? before : rulesOf(second.iptables)
  return [...after].map(([key, { rule, packets, removal }]) => ({
    node,
    rule,
    packets,
    growth: second === undefined ? 0 : packets - (before.get(key)?.packets ?? 0),
    removal,
  }))
}

/** Whether a rule holds back what it matches. */
export function isBlocking({ target }: Pick<Rule, 'target'>): boolean {
  return target === 'DROP' || target === 'REJECT'
}

type Iptables = KernelReading['first']['iptables']
/** The rules of one backend and family. */
export type IptablesRules = Extract<Iptables, readonly unknown[]>[number]
type Rule = IptablesRules['rules'][number]

function rulesOf(iptables: Iptables | undefined): Map<string, Pick<CountedRule, 'packets' | 'removal' | 'rule'>> {
  const found = new Map<string, Pick<CountedRule, 'packets' | 'removal' | 'rule'>>()
  const all = seen(iptables) ?? []
  for (const { rules, backend, family } of all) {
    // Plain "iptables" changes one backend only, which need not be this one.
    const isAlone = all.filter((other) => other.family === family).length === 1 || backend === 'unknown'
    const program = `${family === 6 ? 'ip6tables' : 'iptables'}${isAlone ? '' : `-${backend}`}`
    for (const rule of rules) {
      if (OF_PLUGINS.test(rule.chain)) continue
      const key = `${rule.table}: ${rule.text}`
      const removal = `sudo ${program} -t ${rule.table} ${rule.text.replace(/^-A /, '-D ')}`
      found.set(key, { rule, removal, packets: rule.packets + (found.get(key)?.packets ?? 0) })
    }
  }
  return found
}
