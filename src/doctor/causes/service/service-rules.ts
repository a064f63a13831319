// What a node's packet filter does with queries to the Service IP: where kube-proxy's rules send them, and whether other rules take
// them first.
import type { KernelReading } from '../../ladder/index.ts'
import type { DnsServiceFact } from '../../facts/index.ts'
import type { Evidence } from '../cause.ts'
import { countedRules, isBlocking, kernelOfNode, seen } from '../network/kernels.ts'
import type { CountedRule, IptablesRules } from '../network/kernels.ts'
import { matchesPackets, namesDestination } from '../network/rule-match.ts'
import { livingAddresses, translatedAddresses } from './stale-entries.ts'

type Rule = IptablesRules['rules'][number]

/** kube-proxy's rules for one transport. */
export interface ProxyRules {
  /** No rule translates the Service IP. */
  readonly isLacking: boolean
  /** `ADDRESS:PORT` that they lead to. */
  readonly targets: readonly string[]
  /** Rules that lead to no endpoint, or to a port that is none of its; at both readings. */
  readonly stale: readonly { readonly target: string; readonly text: string }[]
}

/** What kube-proxy's rules on a node say of the Service IP; undefined where they were not seen, or it writes no iptables rules. */
export function proxyRules(evidence: Evidence, node: string, transport: string): ProxyRules | undefined {
  const { service } = evidence.facts.dns
  const reading = kernelOfNode(evidence.ladder, node)
  if (service === undefined || reading === undefined) return undefined
  const first = readRules(reading.first, service, transport)
  const second = reading.second === undefined ? undefined : readRules(reading.second, service, transport)
  if (first === undefined || second === undefined) return first
  const staleThen = new Set(first.stale.map(({ text }) => text))
  return {
    isLacking: first.isLacking && second.isLacking,
    targets: second.targets,
    // kube-proxy may just have been about to follow.
    stale: second.stale.filter(({ text }) => staleThen.has(text)),
  }
}

function readRules(tables: KernelReading['first'], service: DnsServiceFact, transport: string): ProxyRules | undefined {
  const iptables = seen(tables.iptables)
  const address = service.clusterIPs.find((ip) => !ip.includes(':'))
  if (address === undefined || iptables === undefined) return undefined
  const isElsewhere =
    seen(tables.ipvs)?.services.some((one) => one.address.address === address) === true ||
    seen(tables.nftables)?.elements.some(({ text }) => text.includes(address)) === true
  if (isElsewhere) return undefined
  // kube-proxy's own chains: other programs write rules for the Service IP as well.
  const rules = iptables
    .flatMap((one) => one.rules)
    .filter(({ table, chain }) => table === 'nat' && chain.startsWith('KUBE-'))
  const packets = { protocol: transport, destinations: [address], destinationPort: 53 }
  const own = rules.filter(({ destination, text }) => destination === address && matchesPackets(text, packets))
  const leading = translationsOf(rules, own)
  return {
    isLacking: own.length === 0,
    targets: [...new Set(leading.map(({ toDestination = '' }) => toDestination))],
    stale: leading
      .filter(({ toDestination = '' }) => !isEndpoint(service, transport, toDestination))
      .map(({ toDestination: target = '', text }) => ({ target, text })),
  }
}

/** Rules that translate, chain by chain. */
function translationsOf(rules: readonly Rule[], from: readonly Rule[]): Rule[] {
  const followed = new Set<string>()
  const found: Rule[] = []
  const open = [...from]
  for (let rule = open.pop(); rule !== undefined; rule = open.pop()) {
    const { target, toDestination } = rule
    if (toDestination !== undefined) found.push(rule)
    if (target === undefined || followed.has(target)) continue
    followed.add(target)
    open.push(...rules.filter(({ chain }) => chain === target))
  }
  return found
}

/** Whether the Service's slices hold it, ready or not; the port counts where they say which. */
function isEndpoint({ service, slices }: DnsServiceFact, transport: string, target: string): boolean {
  const address = target.replace(/:\d+$/, '')
  const protocol = transport.toUpperCase()
  const name = service.ports.find((port) => port.port === 53 && port.protocol === protocol)?.name
  const holding = slices.filter(({ endpoints }) => endpoints.some(({ addresses }) => addresses.includes(address)))
  const ports = holding.flatMap((slice) =>
    slice.ports.flatMap((one) =>
      one.name === name && one.protocol === protocol && one.port !== undefined ? [one.port] : [],
    ),
  )
  if (holding.length === 0) return false
  return ports.length === 0 || target === address || ports.some((port) => target === `${address}:${port}`)
}

// --- Rules of others ---

/** What a rule does with queries for the Service IP instead of kube-proxy's. */
export interface TakingRule extends CountedRule {
  readonly does: 'drops' | 'exempts' | 'redirects' | 'translates'
  /** Where it sends them. */
  readonly to: string
}

/**
 * Rules that name the Service IP, are not kube-proxy's, and were met: kube-proxy's see nothing of what they take. Translations to
 * what may answer for the Service are left out.
 */
export function takingRules({ facts, ladder }: Evidence, node: string, transport: string): TakingRule[] {
  const reading = kernelOfNode(ladder, node)
  const addresses = [...translatedAddresses(facts)]
  if (reading === undefined || addresses.length === 0) return []
  const living = livingAddresses(facts)
  return countedRules(reading).flatMap((counted): TakingRule[] => {
    const { rule, packets } = counted
    if (packets === 0 || !namesDestination(rule.text, addresses)) return []
    if (!matchesPackets(rule.text, { protocol: transport, destinations: addresses, destinationPort: 53 })) return []
    const does = actionOf(rule)
    const to = rule.toDestination ?? /--to-ports (\S+)/.exec(rule.text)?.[1] ?? ''
    return does === undefined || living.has(to.replace(/:\d+$/, '')) ? [] : [{ ...counted, does, to }]
  })
}

function actionOf(rule: Rule): TakingRule['does'] | undefined {
  const { table, chain, target = '', text } = rule
  if (table === 'nat' && target === 'DNAT') return 'translates'
  if (target === 'REDIRECT' || target === 'TPROXY') return 'redirects'
  if (table === 'nat' && (chain === 'PREROUTING' || chain === 'OUTPUT') && /^(?:ACCEPT|RETURN)$/.test(target))
    return 'exempts'
  if (table === 'raw' && (target === 'NOTRACK' || text.includes('--notrack'))) return 'exempts'
  // Behind translation packets name an endpoint: a filter that names the Service IP is met by what was not translated.
  return isBlocking(rule) ? 'drops' : undefined
}
