// The plugin's series, under CoreDNS's names.
import type { Metrics } from '../../server/index.ts'

/** client-go's default buckets. */
const REQUEST_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** From a millisecond to about nine minutes. */
const PROGRAMMING_BUCKETS: readonly number[] = Array.from({ length: 20 }, (_, power) => 0.001 * 2 ** power)

export interface KubernetesMetrics {
  /** Milliseconds from the change in the cluster to its being answered. */
  programmed(kind: 'cluster_ip' | 'headless_with_selector' | 'headless_without_selector', ms: number): void
  requested(request: { readonly verb: string; readonly code: string; readonly host: string; readonly ms: number }): void
  waited(request: { readonly verb: string; readonly host: string; readonly ms: number }): void
}

export function createKubernetesMetrics(metrics: Metrics): KubernetesMetrics {
  const programming = metrics.histogram({
    name: 'coredns_kubernetes_dns_programming_duration_seconds',
    help: 'Histogram of the time (in seconds) it took to program a dns instance.',
    labels: ['service_kind'],
    buckets: PROGRAMMING_BUCKETS,
  })
  const requests = metrics.counter({
    name: 'coredns_kubernetes_rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host.',
    labels: ['code', 'method', 'host'],
  })
  const durations = metrics.histogram({
    name: 'coredns_kubernetes_rest_client_request_duration_seconds',
    help: 'Request latency in seconds. Broken down by verb and host.',
    labels: ['verb', 'host'],
    buckets: REQUEST_BUCKETS,
  })
  const waits = metrics.histogram({
    name: 'coredns_kubernetes_rest_client_rate_limiter_duration_seconds',
    help: 'Client side rate limiter latency in seconds. Broken down by verb and host.',
    labels: ['verb', 'host'],
    buckets: REQUEST_BUCKETS,
  })
  return {
    programmed: (kind, ms) => programming.observe(ms / 1000, [kind]),
    requested: ({ verb, code, host, ms }) => {
      requests.inc([code, verb, host])
      durations.observe(ms / 1000, [verb, host])
    },
    waited: ({ verb, host, ms }) => waits.observe(ms / 1000, [verb, host]),
  }
}
