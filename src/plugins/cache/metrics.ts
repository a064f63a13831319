// The cache's counters, looked up once for each listener that queries come from.
import type { CacheStore } from '../../cache/index.ts'
import type { DomainName } from '../../dns/message.ts'
import type { PluginEnv } from '../../server/index.ts'

interface Count {
  inc(by?: number): void
}

/** The series of one listener. */
export interface CacheSeries {
  readonly requests: Count
  readonly misses: Count
  readonly prefetches: Count
  readonly drops: Count
  readonly servedStale: Count
  readonly hits: { readonly success: Count; readonly denial: Count }
  readonly evictions: { readonly success: Count; readonly denial: Count }
}

/** The `view` label: views are not supported, so it is always empty. */
const VIEW = ''

/** Finds the series of a listener by its label (`dns://:53`); the same object each time. */
export function createCacheMetrics(env: PluginEnv, zones: readonly DomainName[]): (server: string) => CacheSeries {
  const { metrics } = env
  const zonesLabel = zones.join(',')
  const plain = (name: string, help: string): ((server: string) => Count) => {
    const counter = metrics.counter({ name: `coredns_cache_${name}`, help, labels: ['server', 'zones', 'view'] })
    return (server) => counter.labeled([server, zonesLabel, VIEW])
  }
  const typed = (name: string, help: string): ((server: string) => { success: Count; denial: Count }) => {
    const counter = metrics.counter({
      name: `coredns_cache_${name}`,
      help,
      labels: ['server', 'type', 'zones', 'view'],
    })
    return (server) => ({
      success: counter.labeled([server, 'success', zonesLabel, VIEW]),
      denial: counter.labeled([server, 'denial', zonesLabel, VIEW]),
    })
  }
  const requests = plain('requests_total', 'Questions that came to the cache.')
  const misses = plain('misses_total', 'Questions that the cache could not answer.')
  const prefetches = plain('prefetch_total', 'Popular entries renewed before they expired.')
  const drops = plain('drops_total', 'Responses not kept because they answer another question.')
  const servedStale = plain('served_stale_total', 'Answers from expired entries.')
  const hits = typed('hits_total', 'Answers from the cache.')
  const evictions = typed('evictions_total', 'Entries evicted to make room.')

  const bySeries = new Map<string, CacheSeries>()
  return (server) => {
    const known = bySeries.get(server)
    if (known !== undefined) return known
    const series: CacheSeries = {
      requests: requests(server),
      misses: misses(server),
      prefetches: prefetches(server),
      drops: drops(server),
      servedStale: servedStale(server),
      hits: hits(server),
      evictions: evictions(server),
    }
    bySeries.set(server, series)
    return series
  }
}

/** Keeps the gauge of entries; the result ends that. */
export function reportEntries(
  env: PluginEnv,
  cache: {
    readonly zones: readonly DomainName[]
    readonly success: Pick<CacheStore, 'size'>
    readonly denial: Pick<CacheStore, 'size'>
  },
): () => void {
  const zonesLabel = cache.zones.join(',')
  const gauge = env.metrics.gauge({
    name: 'coredns_cache_entries',
    help: 'Entries kept.',
    labels: ['server', 'type', 'zones', 'view'],
  })
  return env.metrics.onCollect(() => {
    for (const server of env.block.servers) {
      gauge.set(cache.success.size, [server, 'success', zonesLabel, VIEW])
      gauge.set(cache.denial.size, [server, 'denial', zonesLabel, VIEW])
    }
  })
}
