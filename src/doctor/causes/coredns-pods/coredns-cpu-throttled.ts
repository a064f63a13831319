// CoreDNS cannot keep up: its CPU limit holds it back, or there are too few replicas.
import type { DnsReplica } from '../../facts/index.ts'
import { LATE_ANSWER_MS, counterGrowth, isLateAnswer, phrase, sumSamples } from '../../ladder/index.ts'
import type { Ladder, Phrase, Rung, Scrape } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { deploymentFor, passesReplicas, replicaName } from '../coredns-support.ts'
import { excluded, failedIds, findScrape, notChecked, podRef } from '../support.ts'

/** CoreDNS asks its own health endpoint once a second, which takes less than a millisecond as a rule. */
const SLOW_MS = 50
/** Share of the CPU limit from which the kernel is about to throttle. */
const NEAR_LIMIT = 0.8
/** One that uses less of its limit, or of one CPU where it has none, has CPU to spare: what makes it slow is something else. */
const SHORT_FROM = 0.5
const HEALTH_EVERY_MS = 1000
/** With no health request back for so long, the one that was sent meanwhile is slow. */
const STUCK_MS = 1500
const DURATION = 'coredns_health_request_duration_seconds'
const FAILURES = 'coredns_health_request_failures_total'

export const corednsCpuThrottled: Cause = {
  code: 'coredns-cpu-throttled',
  needs: ['pods'],
  judge: (evidence) => [judge(evidence)],
}

/** How a replica is doing by its own metrics. */
interface Load {
  readonly replica: DnsReplica
  readonly health: Health
  readonly failures: number
  /** Queries a second between the two readings. */
  readonly rate: number | undefined
  /** CPUs used between the two readings. */
  readonly cpus: number | undefined
  readonly limit: number | undefined
  readonly isNearLimit: boolean
  /** Whether what it used, as far as that is known, may have been too little for it. */
  readonly isShort: boolean
  /** Questions to it that were answered late or not in time. */
  readonly late: number
}

interface Health {
  /** Mean time of its own health requests; of one that did not come back, how long it was seen to wait. */
  readonly ms: number
  readonly during: 'readings' | 'since-start' | 'stuck'
}

function judge({ facts, ladder }: Evidence): Judgement {
  const loads = facts.dns.replicas.flatMap((replica): Load[] => {
    const scrape = findScrape(ladder, replicaName(replica))
    return scrape === undefined ? [] : loadOf(replica, scrape, ladder)
  })
  if (loads.length === 0) return notChecked('not-checked.no-health-metrics')
  const slowest = loads.toSorted((a, b) => b.health.ms - a.health.ms)
  const overloaded = slowest.filter(({ health, isShort }) => health.ms >= SLOW_MS && isShort).toSorted(byProof)
  const slow = new Set(overloaded.map(({ replica }) => replicaName(replica)))
  const [worst] = overloaded
  if (worst === undefined) return excluded(whyNot(slowest))
  const server = replicaName(worst.replica)
  const { health, cpus, limit, rate, failures, late } = worst
  const ms = Math.round(health.ms)
  const missing = missingOf(worst, server)
  const { namespace, name } = deploymentFor(facts)
  const finding = {
    subject: { kind: 'pod' as const, name: server },
    objects: [podRef(worst.replica.pod, 'spec.containers.resources.limits.cpu')],
    values: { server, ms },
    evidence: [
      line('observed', SLOW_LINES[health.during], { server, ms }),
      ...(failures > 0 ? [line('observed', 'failures', { server, count: failures })] : []),
      ...(cpus === undefined || limit === undefined
        ? []
        : [line('observed', 'cpu', { server, cpus: cpus.toFixed(3), limit: limit.toFixed(3) })]),
      ...(late > 0 ? [line('observed', 'late', { server, count: late, ms: LATE_ANSWER_MS })] : []),
      ...(rate === undefined ? [] : [line('observed', 'rate', { server, rate: Math.round(rate) })]),
    ],
    fix: {
      key: 'coredns-cpu-throttled',
      values: {},
      command: [
        `kubectl -n ${namespace} scale deployment/${name} --replicas=${facts.dns.replicas.length + 1}`,
        ...(limit === undefined
          ? []
          : [`kubectl -n ${namespace} set resources deployment/${name} --limits=cpu=0   # or a higher limit`]),
      ].join('\n'),
    },
    isFault: true,
    explains: failedIds(ladder, (rung) => {
      // Totals tell of what may be over.
      if (!isLate(rung) || health.during === 'since-start') return false
      return slow.has(rung.hop.name) || (missing.length === 0 && rung.hop.kind !== 'replica' && passesReplicas(rung))
    }),
  }
  return missing.length === 0 ? { status: 'proven', ...finding } : { status: 'suspected', ...finding, missing }
}

/** None is slow, or the slowest ones have CPU to spare. */
function whyNot(slowest: readonly Load[]): EvidenceLine {
  const [first] = slowest
  const ms = first?.health.ms ?? 0
  if (first === undefined || ms < SLOW_MS) {
    return line('observed', 'quick', { count: slowest.length, ms: Math.round(ms * 10) / 10 })
  }
  const values = { server: replicaName(first.replica), ms: Math.round(ms) }
  const { cpus, limit } = first
  if (cpus === undefined) return line('observed', 'unlimited', values)
  const used = { ...values, cpus: cpus.toFixed(3) }
  return limit === undefined
    ? line('observed', 'spare-unlimited', used)
    : line('observed', 'spare', { ...used, limit: limit.toFixed(3) })
}

const SLOW_LINES = { readings: 'slow', 'since-start': 'slow-since-start', stuck: 'stuck' } as const

/** It is slow because of its limit, and somebody waited too long for it: itself, or who asked it now. */
function missingOf({ failures, late, isNearLimit }: Load, server: string): Phrase[] {
  return [
    ...(failures > 0 || late > 0 ? [] : [phrase('coredns-cpu-throttled.missing-failures', { server })]),
    ...(isNearLimit ? [] : [phrase('coredns-cpu-throttled.missing-cpu', { server })]),
  ]
}

/** The one that shows most, then the slowest. */
function byProof(a: Load, b: Load): number {
  return missingOf(a, '').length - missingOf(b, '').length || b.health.ms - a.health.ms
}

/** Nothing in time; a node cache that got nothing in time says SERVFAIL. */
function isLate({ hop, observed }: Rung): boolean {
  if (observed.kind === 'response') return hop.kind === 'node-cache' && observed.rcode === 'SERVFAIL'
  return observed.kind === 'timeout' || observed.kind === 'closed'
}

function loadOf(replica: DnsReplica, scrape: Scrape, ladder: Ladder): Load[] {
  const health = healthOf(scrape)
  if (health === undefined) return []
  const name = replicaName(replica)
  const isAgain = scrape.second !== undefined
  const failures = isAgain ? counterGrowth(scrape, FAILURES) : sumSamples(scrape.first, FAILURES)
  const cpus = perSecond(scrape, 'process_cpu_seconds_total')
  const limit = cpuLimit(replica)
  const most = limit ?? 1
  return [
    {
      replica,
      health,
      failures: failures ?? 0,
      rate: perSecond(scrape, 'coredns_dns_requests_total'),
      cpus,
      limit,
      isShort: cpus === undefined ? limit !== undefined : cpus >= most * SHORT_FROM,
      isNearLimit: cpus !== undefined && limit !== undefined && cpus >= limit * NEAR_LIMIT,
      late: ladder.rungs.filter((rung) => rung.hop.name === name && (isLateAnswer(rung) || isLate(rung))).length,
    },
  ]
}

/** Of the requests between the two readings, as what was before them is over; with one reading of all since the start. */
function healthOf(scrape: Scrape): Health | undefined {
  const [sum, count] = [`${DURATION}_sum`, `${DURATION}_count`]
  if (scrape.second === undefined) {
    const [seconds, requests = 0] = [sumSamples(scrape.first, sum), sumSamples(scrape.first, count)]
    return seconds === undefined || requests <= 0
      ? undefined
      : { ms: (seconds / requests) * 1000, during: 'since-start' }
  }
  const [seconds, requests] = [counterGrowth(scrape, sum), counterGrowth(scrape, count)]
  if (seconds === undefined || requests === undefined) return undefined
  if (requests > 0) return { ms: (seconds / requests) * 1000, during: 'readings' }
  // One is due: it waits for what is left of that second at least.
  return scrape.apartMs < STUCK_MS ? undefined : { ms: scrape.apartMs - HEALTH_EVERY_MS, during: 'stuck' }
}

function perSecond(scrape: Scrape, name: string): number | undefined {
  const growth = counterGrowth(scrape, name)
  return growth === undefined || scrape.apartMs <= 0 ? undefined : growth / (scrape.apartMs / 1000)
}

/** In CPUs, from a quantity such as `100m` or `1`. */
function cpuLimit({ pod }: DnsReplica): number | undefined {
  const text = pod.spec.containers.find(({ limits }) => limits['cpu'] !== undefined)?.limits['cpu']
  const match = /^([\d.]+)(m?)$/.exec(text ?? '')
  return match === null ? undefined : Number(match[1]) / (match[2] === 'm' ? 1000 : 1)
}
