// What to ask next when an upstream stayed silent: is it really asked by the servers that have it, and do they notice?
import type { DomainName } from '../../dns/message.ts'
import type { ClusterFacts } from '../facts/index.ts'
import type { Scrape } from './ladder.ts'
import { counterGrowth } from './ladder.ts'
import { dnsRung, httpRung } from './plan.ts'
import type { PlannedRung } from './plan-options.ts'
import { formatEndpoint } from './rung.ts'
import type { Hop, Rung } from './rung.ts'
import { listUpstreamUses } from './upstream-uses.ts'

/** Types that are asked so that a cache cannot answer for the upstream: each is a question of its own. */
const FRESH_TYPES = ['AAAA', 'MX', 'TXT', 'NS', 'SOA', 'CAA', 'HTTPS', 'SRV'] as const

/** Servers that forward to an upstream of a node. */
export function serversAsking(facts: ClusterFacts, upstream: string, node: string | undefined): Hop[] {
  const hops = listUpstreamUses(facts)
    .filter((use) => use.address === upstream && use.node === node && use.inEffect)
    .flatMap(({ servers }) => servers)
  return [...new Map(hops.map((hop) => [hop.name, hop])).values()]
}

/**
 * Plans questions that make a server ask its upstreams, so that failures show in its counters.
 *
 * forward picks an upstream at random: eight questions miss one of three with a probability of 4 %.
 */
export function planExercise(server: Hop, plan: readonly PlannedRung[], name: DomainName): PlannedRung[] {
  const own = plan.find(
    (planned) =>
      planned.hop.name === server.name &&
      planned.purpose === 'external' &&
      planned.transport === 'udp' &&
      planned.skip === undefined,
  )
  if (own === undefined) return []
  const origin = { place: own.from, ...(own.fromNode === undefined ? {} : { node: own.fromNode }) }
  return FRESH_TYPES.map((type) => {
    const expected = { kind: 'answer', mustExist: false } as const
    const planned = dnsRung(server, origin, own.to, 'udp', { purpose: 'external', name, type, expected })
    return { ...planned, timeoutsMs: [2600] }
  })
}

/** An upstream that answered nothing that was asked of it directly, and the servers that forward to it. */
export interface SilentUpstream {
  /** As counters write it: `1.2.4.8:53`. */
  readonly to: string
  readonly servers: readonly Hop[]
}

export function silentUpstreams(facts: ClusterFacts, rungs: readonly Rung[]): SilentUpstream[] {
  const asked = rungs.filter((rung) => rung.hop.kind === 'upstream' && rung.result !== 'skipped')
  const key = (rung: Rung): string => `${rung.fromNode ?? ''} ${rung.hop.name}`
  const answered = new Set(asked.filter((rung) => rung.observed.kind === 'response').map(key))
  const silent = new Map(asked.filter((rung) => !answered.has(key(rung))).map((rung) => [key(rung), rung]))
  return [...silent.values()].map((rung) => ({
    to: formatEndpoint(rung.to),
    servers: serversAsking(facts, rung.hop.name, rung.fromNode),
  }))
}

/** Replicas whose answer to the same question is not the same: their logs tell which Corefile each of them runs. */
export function differingReplicas(rungs: readonly Rung[]): Hop[] {
  const own = rungs.filter(({ hop, purpose, observed }) => {
    const isCluster = purpose === 'canary' || purpose === 'version' || purpose === 'asked'
    return hop.kind === 'replica' && isCluster && observed.kind === 'response'
  })
  const results = new Map<string, Set<string>>()
  for (const { question, result } of own) {
    const key = JSON.stringify(question)
    results.set(key, (results.get(key) ?? new Set()).add(result))
  }
  const differs = [...results.values()].some(({ size }) => size > 1)
  return differs ? [...new Map(own.map(({ hop }) => [hop.name, hop])).values()] : []
}

/** kube-proxy's own health on nodes from where the Service IP is silent and a replica is not. */
export function planKubeProxy(facts: ClusterFacts, rungs: readonly Rung[]): PlannedRung[] {
  return facts.nodes.flatMap(({ name, node }) => {
    const address = node?.internalIPs[0]
    const canaries = rungs.filter((rung) => rung.fromNode === name && rung.purpose === 'canary')
    const service = canaries.filter(({ hop }) => hop.kind === 'dns-service')
    const answersDirectly = canaries.some(({ hop, observed }) => hop.kind === 'replica' && observed.kind === 'response')
    const isSilent = service.some(({ result, observed }) => result === 'failed' && observed.kind !== 'response')
    const [first] = service
    if (address === undefined || first === undefined || !isSilent || !answersDirectly) return []
    const hop: Hop = { kind: 'kube-proxy', name: `node/${name}`, node: name }
    const endpoint = { kind: 'endpoint', address, port: KUBE_PROXY_HEALTH_PORT, path: '/healthz' } as const
    return [httpRung(hop, { place: first.from, node: name }, 'health', endpoint)]
  })
}

/**
 * Plans again, without the skip, nameservers that kubelet cuts off, where those it keeps fail: only if one of them would
 * have answered is the limit to blame.
 */
export function planCutOff(plan: readonly PlannedRung[], rungs: readonly Rung[]): PlannedRung[] {
  return plan.flatMap((planned): PlannedRung[] => {
    if (planned.skip?.why.key !== 'skip.cut-off') return []
    const kept = rungs.filter(
      (rung) =>
        rung.hop.kind === 'upstream' &&
        rung.fromNode === planned.fromNode &&
        rung.purpose === planned.purpose &&
        rung.result !== 'skipped',
    )
    if (kept.length === 0 || kept.some(({ result }) => result === 'ok')) return []
    const { skip: _, ...asked } = planned
    return [asked]
  })
}

const KUBE_PROXY_HEALTH_PORT = 10_256

/** Counters of failed health checks: today's name, and the one up to CoreDNS 1.10. */
export const FAILURE_COUNTERS: readonly string[] = [
  'coredns_proxy_healthcheck_failures_total',
  'coredns_forward_healthcheck_failures_total',
]

/** By how many failed health checks of one upstream a server's counters grew; undefined when they do not tell. */
export function failureGrowth(scrape: Scrape, to: string): number | undefined {
  const growths = FAILURE_COUNTERS.map((name) => counterGrowth(scrape, name, { to })).filter(
    (growth) => growth !== undefined,
  )
  // Both names count the same failures where both exist.
  return growths.length === 0 ? undefined : Math.max(...growths)
}
