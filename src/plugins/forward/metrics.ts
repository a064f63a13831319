// What is counted: under CoreDNS's names, under those it had before 1.11 (dashboards read them), and what it does not count.
import type { Rcode } from '../../dns/message.ts'
import type { UpstreamErrorCode, UpstreamProtocol, UpstreamResult } from '../../net/upstream/index.ts'
import type { Metrics } from '../../server/index.ts'

/** 0.25 ms, doubled fifteen times, in seconds: CoreDNS's buckets for durations. */
const DURATION_BUCKETS: readonly number[] = Array.from({ length: 16 }, (_, index) => 0.00025 * 2 ** index)
const PROXY_NAME = 'forward'

/** The counters of one upstream. */
export interface UpstreamMetrics {
  answered(rcode: Rcode, seconds: number): void
  unanswered(protocol: UpstreamProtocol, reason: UpstreamErrorCode | 'other-question'): void
  connection(result: Pick<UpstreamResult, 'protocol' | 'reused'>): void
  probeFailed(): void
  setDown(isDown: boolean): void
  /** Ends the series that only make sense while the upstream is in use. */
  close(): void
}

/** The counters that no upstream has for itself. */
export interface ForwardMetrics {
  readonly allDown: { inc(): void }
  readonly rejected: { inc(): void }
  readonly overload: { inc(): void }
  readonly merged: { inc(): void }
}

/** Finds the counters of all forwards. */
export function createForwardMetrics(metrics: Metrics): ForwardMetrics {
  const counter = (name: string, help: string): { inc(): void } =>
    metrics.counter({ name: `coredns_forward_${name}`, help, labels: [] }).labeled([])
  return {
    allDown: counter('healthcheck_broken_total', 'Queries that found all upstreams down.'),
    rejected: counter('max_concurrent_rejects_total', 'Queries refused because too many were under way.'),
    overload: counter('overload_rejects_total', 'Queries failed at once because too many waited for upstreams.'),
    merged: counter('merged_total', 'Queries that shared the response to an identical one.'),
  }
}

/** Finds the counters of an upstream by the label `to`. */
export function createUpstreamMetrics(metrics: Metrics, to: string): UpstreamMetrics {
  const down = metrics.gauge({
    name: 'coredns_forward_upstream_down',
    help: 'Whether the upstream is taken for down.',
    labels: ['to'],
  })
  const unanswered = metrics.counter({
    name: 'coredns_forward_unanswered_total',
    help: 'Attempts that brought no response.',
    labels: ['to', 'proto', 'reason'],
  })
  const requests = metrics.counter({
    name: 'coredns_forward_requests_total',
    help: 'Queries answered by the upstream (name of CoreDNS 1.10).',
    labels: ['to'],
  })
  const responses = metrics.counter({
    name: 'coredns_forward_responses_total',
    help: 'Responses of the upstream (name of CoreDNS 1.10).',
    labels: ['to', 'rcode'],
  })
  // Both families of names, always told the same.
  const families = [
    { prefix: 'coredns_proxy_', labels: ['proxy_name', 'to'], values: [PROXY_NAME, to], age: '' },
    { prefix: 'coredns_forward_', labels: ['to'], values: [to], age: ' (name of CoreDNS 1.10)' },
  ].map(({ prefix, labels, values, age }) => ({
    values,
    duration: metrics.histogram({
      name: `${prefix}request_duration_seconds`,
      help: `Time from query to response${age}.`,
      labels: [...labels, 'rcode'],
      buckets: DURATION_BUCKETS,
    }),
    probeFailures: metrics.counter({
      name: `${prefix}healthcheck_failures_total`,
      help: `Probes without a response${age}.`,
      labels,
    }),
    hits: metrics.counter({
      name: `${prefix}conn_cache_hits_total`,
      help: `Queries over kept connections${age}.`,
      labels: [...labels, 'proto'],
    }),
    misses: metrics.counter({
      name: `${prefix}conn_cache_misses_total`,
      help: `Queries over new connections${age}.`,
      labels: [...labels, 'proto'],
    }),
  }))
  const answeredWith = new Map<Rcode, (seconds: number) => void>()
  const connections = new Map<string, () => void>()
  return {
    answered(rcode, seconds) {
      let count = answeredWith.get(rcode)
      if (count === undefined) {
        const request = requests.labeled([to])
        const response = responses.labeled([to, rcode])
        const durations = families.map(({ values, duration }) => duration.labeled([...values, rcode]))
        count = (taken) => {
          request.inc()
          response.inc()
          for (const duration of durations) duration.observe(taken)
        }
        answeredWith.set(rcode, count)
      }
      count(seconds)
    },
    unanswered: (protocol, reason) => unanswered.inc([to, protocol, reason]),
    connection({ protocol, reused }) {
      const key = reused ? protocol : `new ${protocol}`
      let count = connections.get(key)
      if (count === undefined) {
        const series = families.map(({ values, hits, misses }) =>
          (reused ? hits : misses).labeled([...values, protocol]),
        )
        count = () => {
          for (const one of series) one.inc()
        }
        connections.set(key, count)
      }
      count()
    },
    probeFailed() {
      for (const { values, probeFailures } of families) probeFailures.inc(values)
    },
    setDown: (isDown) => down.set(isDown ? 1 : 0, [to]),
    close: () => down.remove([to]),
  }
}
