// The output of `nft -j list ruleset`, cut down to what concerns some addresses or port 53 and to where such rules lead.
import type { KernelTablesRequest, NftablesChain, NftablesRule, NftablesRules } from './tables.ts'

const MAX_RULES = 2048

interface NftObject {
  readonly family?: string
  readonly table?: string
  readonly name?: string
  readonly chain?: string
  readonly handle?: number
  readonly hook?: string
  readonly prio?: number
  readonly policy?: string
  readonly comment?: string
  readonly expr?: readonly unknown[]
  readonly elem?: readonly unknown[]
}

/** Reads the rule set; undefined for text that is none. */
export function parseNftables(
  text: string,
  { addresses }: Pick<KernelTablesRequest, 'addresses'>,
): NftablesRules | undefined {
  const items = readItems(text)
  if (items === undefined) return undefined
  const mentions = mentioner(addresses)
  const all = items.flatMap(({ rule }) => (rule === undefined ? [] : [toRule(rule)]))
  const elements = items.flatMap(({ map, set }) => {
    const { family = '', table = '', name = '', elem = [] } = map ?? set ?? {}
    return elem
      .map((element) => JSON.stringify(element))
      .filter(mentions)
      .map((text) => ({ family, table, map: name, text }))
  })
  const fromElements = elements.flatMap(({ family, table, text }) =>
    targetsIn(text).map((chain) => `${family} ${table} ${chain}`),
  )
  const rules = keepRelevant(all, mentions, fromElements).slice(0, MAX_RULES)
  const used = new Set(rules.map(({ family, table, chain }) => `${family} ${table} ${chain}`))
  const chains = items
    .flatMap(({ chain }) => (chain === undefined ? [] : [toChain(chain)]))
    .filter(({ family, table, name, hook }) => hook !== undefined || used.has(`${family} ${table} ${name}`))
  return { chains, rules, elements, total: all.length }
}

function readItems(text: string): readonly Readonly<Record<string, NftObject | undefined>>[] | undefined {
  try {
    const { nftables } = JSON.parse(text) as { nftables?: unknown }
    return Array.isArray(nftables) ? nftables : undefined
  } catch {
    return undefined
  }
}

function toChain({ family = '', table = '', name = '', hook, prio, policy }: NftObject): NftablesChain {
  return {
    family,
    table,
    name,
    ...(hook === undefined ? {} : { hook }),
    ...(prio === undefined ? {} : { priority: prio }),
    ...(policy === undefined ? {} : { policy }),
  }
}

function toRule({ family = '', table = '', chain = '', handle = 0, comment, expr = [] }: NftObject): NftablesRule {
  const statements = expr.flatMap((statement) =>
    typeof statement === 'object' && statement !== null ? Object.entries(statement as Record<string, unknown>) : [],
  )
  const counter = statements.find(([name]) => name === 'counter')?.[1] as { packets?: number } | null | undefined
  return {
    family,
    table,
    chain,
    handle,
    actions: statements.flatMap(([name, value]) => toAction(name, value)),
    ...(typeof counter?.packets === 'number' ? { packets: counter.packets } : {}),
    ...(comment === undefined ? {} : { comment }),
    expression: JSON.stringify(expr),
  }
}

const ACTIONS: ReadonlySet<string> = new Set([
  'accept',
  'dnat',
  'drop',
  'masquerade',
  'notrack',
  'queue',
  'redirect',
  'reject',
  'return',
  'snat',
  'vmap',
])

function toAction(name: string, value: unknown): string[] {
  const { target, type, name: own } = (value ?? {}) as { target?: unknown; type?: unknown; name?: unknown }
  if (name === 'jump' || name === 'goto') return typeof target === 'string' ? [`${name} ${target}`] : []
  // Rules made by iptables show the target's name only: CT stands for NOTRACK.
  if (name === 'xt') return type === 'target' && typeof own === 'string' ? [own] : []
  return ACTIONS.has(name) ? [name] : []
}

/** Whether JSON text names one of the addresses, or port 53 as a number of its own. */
function mentioner(addresses: readonly string[]): (text: string) => boolean {
  const quoted = addresses.map((address) => `"${address}"`)
  return (text) => quoted.some((address) => text.includes(address)) || /(?<=[:[,])53(?=[\]},])/.test(text)
}

function targetsIn(text: string): string[] {
  return [...text.matchAll(/"(?:jump|goto)":\{"target":"([^"]+)"\}/g)].map(([, chain = '']) => chain)
}

function keepRelevant(
  rules: readonly NftablesRule[],
  mentions: (text: string) => boolean,
  reached: readonly string[],
): NftablesRule[] {
  const wanted = new Set(reached)
  const kept = new Set(rules.filter(({ expression }) => mentions(expression)))
  for (const { family, table, expression } of kept) {
    for (const chain of targetsIn(expression)) wanted.add(`${family} ${table} ${chain}`)
  }
  // A Set gives what is added while it is walked: chains lead to chains.
  for (const key of wanted) {
    for (const rule of rules) {
      if (`${rule.family} ${rule.table} ${rule.chain}` !== key) continue
      kept.add(rule)
      for (const chain of targetsIn(rule.expression)) wanted.add(`${rule.family} ${rule.table} ${chain}`)
    }
  }
  return rules.filter((rule) => kept.has(rule))
}
