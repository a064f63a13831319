// Where Prometheus reads what the watch found, and kubelet whether it still runs.
import { openHttpListener } from '../../../net/listen/index.ts'
import type { Endpoint } from '../../../net/exchange-result.ts'
import type { HttpListener, HttpReply } from '../../../net/listen/index.ts'

export interface MetricsPages {
  /** The text exposition format 0.0.4. */
  readonly metrics: () => string
  /** Whether runs still come to an end. */
  readonly isAlive: () => boolean
}

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
/** A scraper or two, kubelet, a person. */
const MAX_CONNECTIONS = 64
const IDLE_TIMEOUT_MS = 10_000

/**
 * Serves `/metrics` and `/healthz`, to GET only.
 *
 * @throws {ListenError}
 */
export function serveMetrics(endpoint: Endpoint, pages: MetricsPages): Promise<HttpListener> {
  return openHttpListener(
    endpoint,
    ({ path, method }) => (method === 'GET' ? pageOf(path, pages) : { status: 405, body: 'only GET\n' }),
    { maxConnections: MAX_CONNECTIONS, idleTimeoutMs: IDLE_TIMEOUT_MS },
  )
}

function pageOf(path: string, { metrics, isAlive }: MetricsPages): HttpReply {
  switch (path) {
    case '/metrics':
      return { status: 200, contentType: CONTENT_TYPE, body: metrics() }
    case '/healthz':
      return isAlive() ? { status: 200, body: 'ok\n' } : { status: 503, body: 'no run has ended for too long\n' }
    case '/':
      return { status: 200, body: 'fathom doctor --watch: /metrics, /healthz\n' }
    default:
      return { status: 404, body: 'no such page: /metrics, /healthz\n' }
  }
}
