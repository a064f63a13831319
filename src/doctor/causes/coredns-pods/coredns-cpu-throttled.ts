// CoreDNS cannot keep up: its CPU limit holds it back, or there are too few replicas.
import type { DnsReplica } from '../../facts/index.ts'
import { counterGrowth, phrase, sumSamples } from '../../ladder/index.ts'
import type { Phrase, Rung, Scrape } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { deploymentFor, passesReplicas, replicaName } from '../coredns-support.ts'
import { excluded, failedIds, findScrape, notChecked, podRef } from '../support.ts'

/** CoreDNS asks its own health endpoint once a second, which takes less than a millisecond as a rule. */
const SLOW_MS = 50
/** Share of the CPU limit from which the kernel is about to throttle. */
const NEAR_LIMIT = 0.8

export const corednsCpuThrottled: Cause = {
  code: 'coredns-cpu-throttled',
  needs: ['pods'],
  judge: (evidence) => [judge(evidence)],
}

/** How a replica is doing by its own metrics. */
interface Load {
  readonly replica: DnsReplica
  readonly scrape: Scrape
  /** Mean time of its own health requests. */
  readonly healthMs: number
  readonly failures: number
  /** Queries a second between the two readings. */
  readonly rate: number | undefined
  /** CPUs used between the two readings. */
  readonly cpus: number | undefined
  readonly limit: number | undefined
}

function judge({ facts, ladder }: Evidence): Judgement {
  const loads = facts.dns.replicas.flatMap((replica): Load[] => {
    const scrape = findScrape(ladder, replicaName(replica))
    return scrape === undefined ? [] : loadOf(replica, scrape)
  })
  if (loads.length === 0) return notChecked('not-checked.no-health-metrics')
  const overloaded = loads.filter(({ healthMs }) => healthMs >= SLOW_MS).toSorted(byProof)
  const slow = new Set(overloaded.map(({ replica }) => replicaName(replica)))
  const [worst] = overloaded
  if (worst === undefined) {
    const slowest = Math.max(...loads.map(({ healthMs }) => healthMs))
    return excluded(line('observed', 'quick', { count: loads.length, ms: Math.round(slowest * 10) / 10 }))
  }
  const server = replicaName(worst.replica)
  const { cpus, limit, rate, failures } = worst
  const isNearLimit = cpus !== undefined && limit !== undefined && cpus >= limit * NEAR_LIMIT
  const missing: Phrase[] = [
    ...(failures > 0 ? [] : [phrase('coredns-cpu-throttled.missing-failures', { server })]),
    ...(isNearLimit ? [] : [phrase('coredns-cpu-throttled.missing-cpu', { server })]),
  ]
  const { namespace, name } = deploymentFor(facts)
  const finding = {
    subject: { kind: 'pod' as const, name: server },
    objects: [podRef(worst.replica.pod, 'spec.containers.resources.limits.cpu')],
    values: { server, ms: Math.round(worst.healthMs) },
    evidence: [
      line('observed', 'slow', { server, ms: Math.round(worst.healthMs) }),
      ...(failures > 0 ? [line('observed', 'failures', { server, count: failures })] : []),
      ...(cpus === undefined || limit === undefined
        ? []
        : [line('observed', 'cpu', { server, cpus: cpus.toFixed(3), limit: limit.toFixed(3) })]),
      ...(rate === undefined ? [] : [line('observed', 'rate', { server, rate: Math.round(rate) })]),
    ],
    fix: {
      key: 'coredns-cpu-throttled',
      values: {},
      command: `kubectl -n ${namespace} scale deployment/${name} --replicas=${facts.dns.replicas.length + 1}\nkubectl -n ${namespace} set resources deployment/${name} --limits=cpu=0   # or a higher limit`,
    },
    isFault: true,
    explains: failedIds(ladder, (rung) => {
      if (!isLate(rung)) return false
      return slow.has(rung.hop.name) || (missing.length === 0 && rung.hop.kind !== 'replica' && passesReplicas(rung))
    }),
  }
  return missing.length === 0 ? { status: 'proven', ...finding } : { status: 'suspected', ...finding, missing }
}

/** The one that shows most: a failed health request, then the slowest. */
function byProof(a: Load, b: Load): number {
  return Number(b.failures > 0) - Number(a.failures > 0) || b.healthMs - a.healthMs
}

/** Nothing in time; a node cache that got nothing in time says SERVFAIL. */
function isLate({ hop, observed }: Rung): boolean {
  if (observed.kind === 'response') return hop.kind === 'node-cache' && observed.rcode === 'SERVFAIL'
  return observed.kind === 'timeout' || observed.kind === 'closed'
}

function loadOf(replica: DnsReplica, scrape: Scrape): Load[] {
  const [sum, count] = ['sum', 'count'].map((part) => `coredns_health_request_duration_seconds_${part}`)
  const seconds = grownOrTotal(scrape, sum ?? '')
  const requests = grownOrTotal(scrape, count ?? '')
  if (seconds === undefined || requests === undefined || requests <= 0) return []
  const failures = grownOrTotal(scrape, 'coredns_health_request_failures_total') ?? 0
  const queries = counterGrowth(scrape, 'coredns_dns_requests_total')
  const cpuSeconds = counterGrowth(scrape, 'process_cpu_seconds_total')
  const apartS = scrape.apartMs / 1000
  return [
    {
      replica,
      scrape,
      healthMs: (seconds / requests) * 1000,
      failures,
      rate: queries === undefined || apartS <= 0 ? undefined : queries / apartS,
      cpus: cpuSeconds === undefined || apartS <= 0 ? undefined : cpuSeconds / apartS,
      limit: cpuLimit(replica),
    },
  ]
}

/** What came between the two readings; where there is one reading, or nothing came, all since the start. */
function grownOrTotal(scrape: Scrape, name: string): number | undefined {
  const growth = counterGrowth(scrape, name)
  return growth !== undefined && growth > 0 ? growth : sumSamples(scrape.second ?? scrape.first, name)
}

/** In CPUs, from a quantity such as `100m` or `1`. */
function cpuLimit({ pod }: DnsReplica): number | undefined {
  const text = pod.spec.containers.find(({ limits }) => limits['cpu'] !== undefined)?.limits['cpu']
  const match = /^([\d.]+)(m?)$/.exec(text ?? '')
  return match === null ? undefined : Number(match[1]) / (match[2] === 'm' ? 1000 : 1)
}
