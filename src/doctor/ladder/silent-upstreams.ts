// What to ask next when an upstream stayed silent: is it really asked by the servers that have it, and do they notice?
import type { DomainName } from '../../dns/message.ts'
import type { ClusterFacts } from '../facts/index.ts'
import type { Scrape } from './ladder.ts'
import { counterGrowth } from './ladder.ts'
import { dnsRung } from './make-rung.ts'
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

/**
 * An upstream that answered nothing over the transport by which the servers that forward to it check its health, and these
 * servers: what it answers over the other one keeps it alive and does not keep it in use.
 */
export interface SilentUpstream {
  /** As counters write it: `1.2.4.8:53`. */
  readonly to: string
  readonly servers: readonly Hop[]
}

export function silentUpstreams(facts: ClusterFacts, rungs: readonly Rung[]): SilentUpstream[] {
  const place = (node: string | undefined, address: string): string => `${node ?? ''} ${address}`
  const checkedOver = new Map(listUpstreamUses(facts).map((use) => [place(use.node, use.address), use.checkedOver]))
  const key = (rung: Rung): string => place(rung.fromNode, rung.hop.name)
  const asked = rungs.filter(
    (rung) =>
      rung.hop.kind === 'upstream' && rung.result !== 'skipped' && rung.transport === checkedOver.get(key(rung)),
  )
  const answered = new Set(asked.filter((rung) => rung.observed.kind === 'response').map(key))
  const silent = new Map(asked.filter((rung) => !answered.has(key(rung))).map((rung) => [key(rung), rung]))
  return [...silent.values()].map((rung) => ({
    to: formatEndpoint(rung.to),
    servers: serversAsking(facts, rung.hop.name, rung.fromNode),
  }))
}

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
