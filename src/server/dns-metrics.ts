// The metrics that every server counts, under CoreDNS's names; `prometheus` shows them and counts the answered queries.
import type { Counter, Histogram, Metrics } from './metrics.ts'

/** One value for each query. */
export interface DnsMetrics {
  /** server, zone, view, proto, family, type */
  readonly requests: Counter
  /** server, zone, view */
  readonly duration: Histogram
  /** server, zone, view, proto */
  readonly requestSize: Histogram
  /** server, zone, view */
  readonly dnssecOk: Counter
  /** server, zone, view, proto */
  readonly responseSize: Histogram
  /** server, zone, view, rcode, plugin */
  readonly responses: Counter
  /** server, status */
  readonly httpsResponses: Counter
  readonly panics: Counter
  /** server, code; not CoreDNS's */
  readonly droppedResponses: Counter
  /** server; not CoreDNS's */
  readonly overload: Counter
}

/** Label value of `zone` for queries that reached no server block. */
export const DROPPED = 'dropped'

const SIZE_BUCKETS: readonly number[] = [
  0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000,
]
/** In seconds: 0.25 ms doubled fifteen times. */
export const DURATION_BUCKETS: readonly number[] = Array.from({ length: 16 }, (_, index) => 0.000_25 * 2 ** index)

/** The series in `metrics`. */
export function dnsMetrics(metrics: Metrics): DnsMetrics {
  const zone = ['server', 'zone', 'view']
  return {
    requests: metrics.counter({
      name: 'coredns_dns_requests_total',
      help: 'Counter of DNS requests made per zone, protocol and family.',
      labels: [...zone, 'proto', 'family', 'type'],
    }),
    duration: metrics.histogram({
      name: 'coredns_dns_request_duration_seconds',
      help: 'Histogram of the time (in seconds) each request took per zone.',
      labels: zone,
      buckets: DURATION_BUCKETS,
    }),
    requestSize: metrics.histogram({
      name: 'coredns_dns_request_size_bytes',
      help: 'Size of the EDNS0 UDP buffer in bytes (64K for TCP) per zone and protocol.',
      labels: [...zone, 'proto'],
      buckets: SIZE_BUCKETS,
    }),
    dnssecOk: metrics.counter({
      name: 'coredns_dns_do_requests_total',
      help: 'Counter of DNS requests with DO bit set per zone.',
      labels: zone,
    }),
    responseSize: metrics.histogram({
      name: 'coredns_dns_response_size_bytes',
      help: 'Size of the returned response in bytes.',
      labels: [...zone, 'proto'],
      buckets: SIZE_BUCKETS,
    }),
    responses: metrics.counter({
      name: 'coredns_dns_responses_total',
      help: 'Counter of response status codes.',
      labels: [...zone, 'rcode', 'plugin'],
    }),
    httpsResponses: metrics.counter({
      name: 'coredns_dns_https_responses_total',
      help: 'Counter of DoH responses per server and http status code.',
      labels: ['server', 'status'],
    }),
    droppedResponses: metrics.counter({
      name: 'fathom_udp_responses_dropped_total',
      help: "Counter of UDP responses that the system did not take, by its error's name.",
      labels: ['server', 'code'],
    }),
    overload: metrics.counter({
      name: 'fathom_overload_queries_total',
      help: 'Counter of queries that were not waited for, because too many waited already.',
      labels: ['server'],
    }),
    panics: metrics.counter({ name: 'coredns_panics_total', help: 'A metrics that counts the number of panics.' }),
  }
}

const TYPES_COUNTED: ReadonlySet<string> = new Set([
  'A',
  'AAAA',
  'MX',
  'SOA',
  'CNAME',
  'PTR',
  'TXT',
  'NS',
  'SRV',
  'DS',
  'DNSKEY',
  'RRSIG',
  'NSEC',
  'NSEC3',
  'HTTPS',
  'SVCB',
  'IXFR',
  'AXFR',
  'ANY',
])

/** Label value of `type`: the common ones by name, all others together, so that clients cannot make series at will. */
export function typeLabel(type: string): string {
  return TYPES_COUNTED.has(type) ? type : 'other'
}
