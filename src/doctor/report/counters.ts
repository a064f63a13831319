// What counters of kernels and servers did between the two readings around the questions: differences, never values.
import { blockingRules } from '../causes/index.ts'
import { counterGrowth, formatPlace } from '../ladder/index.ts'
import type { KernelReading, Ladder, Scrape } from '../ladder/index.ts'
import type { ReportCounter } from './doctor-report.ts'

/** Growth of the counters that tell lost datagrams apart; those that stood still are left out but for the first of each. */
export function countersOf({ kernels, scrapes }: Ladder): ReportCounter[] {
  const readings = kernels.read.toSorted((a, b) => (formatPlace(a.place) < formatPlace(b.place) ? -1 : 1))
  return [...readings.flatMap(kernelCounters), ...scrapes.flatMap(metricCounters)]
}

/** Named as `conntrack -S`, `/proc/net/snmp` and `iptables-save -c` do. */
function kernelCounters(reading: KernelReading): ReportCounter[] {
  const { place, first, second, apartMs } = reading
  if (second === undefined) return []
  const of = formatPlace(place)
  const grown = (counter: string, growth: number, isKept = growth > 0): ReportCounter[] =>
    isKept ? [{ of, counter, growth, seconds: secondsOf(apartMs) }] : []
  const found: ReportCounter[] = []
  const [before, after] = [first.conntrackStatistics, second.conntrackStatistics]
  if (!('kind' in before) && !('kind' in after)) {
    found.push(
      ...grown('conntrack insert_failed', after.insertFailed - before.insertFailed, true),
      ...grown('conntrack drop', after.drop - before.drop),
      ...grown('conntrack early_drop', after.earlyDrop - before.earlyDrop),
    )
  }
  if (!('kind' in first.udp) && !('kind' in second.udp)) {
    for (const [name, value] of Object.entries(second.udp.counters)) {
      if (name.endsWith('Errors')) found.push(...grown(`UDP ${name}`, value - (first.udp.counters[name] ?? 0)))
    }
  }
  for (const { text, growth } of blockingRules(reading)) found.push(...grown(text, growth))
  return found
}

/** What a server answers when nothing is wrong with it. */
const ANSWERS: ReadonlySet<string> = new Set(['NOERROR', 'NXDOMAIN'])
const FAILURES = [
  'coredns_panics_total',
  'coredns_forward_max_concurrent_rejects_total',
  'coredns_proxy_healthcheck_failures_total',
  'coredns_forward_healthcheck_failures_total',
] as const

function metricCounters(scrape: Scrape): ReportCounter[] {
  const { hop, second, apartMs } = scrape
  if (second === undefined) return []
  const grown = (counter: string, growth: number | undefined, isKept: boolean): ReportCounter[] =>
    growth !== undefined && isKept ? [{ of: hop.name, counter, growth, seconds: secondsOf(apartMs) }] : []
  const requests = counterGrowth(scrape, 'coredns_dns_requests_total')
  const rcodes = new Set(
    second.flatMap(({ name, labels }) => (name === 'coredns_dns_responses_total' ? [labels['rcode'] ?? ''] : [])),
  )
  return [
    ...grown('coredns_dns_requests_total', requests, true),
    ...[...rcodes].flatMap((rcode) => {
      const growth = counterGrowth(scrape, 'coredns_dns_responses_total', { rcode })
      return grown(`coredns_dns_responses_total{rcode="${rcode}"}`, growth, !ANSWERS.has(rcode) && (growth ?? 0) > 0)
    }),
    ...FAILURES.flatMap((name) => {
      const growth = counterGrowth(scrape, name)
      return grown(name, growth, (growth ?? 0) > 0)
    }),
  ]
}

function secondsOf(ms: number): number {
  return Math.round(ms / 100) / 10
}
