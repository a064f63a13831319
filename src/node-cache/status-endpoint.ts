// The node cache's own HTTP address: /metrics as NodeLocal DNSCache has it, and /ready, which it lacks.
import { ListenError, openHttpListener } from '../net/listen/index.ts'
import type { HttpListener, HttpQuery, HttpReply } from '../net/listen/index.ts'
import type { Endpoint } from '../net/exchange-result.ts'
import type { MetricsRegistry, Network } from '../server/index.ts'

export interface StatusOptions {
  readonly network: Network
  readonly metrics: MetricsRegistry
  /** Names of what is not in place yet; empty means ready. */
  readonly missing: () => readonly string[]
  readonly say: (line: string) => void
}

/** The endpoint, which tries again later when its address is taken. */
export interface StatusEndpoint {
  /** Opens the listener unless it is open. Failures are told once, never thrown. */
  ensureOpen(): Promise<void>
  close(): Promise<void>
}

export function createStatusEndpoint(
  address: string,
  { network, metrics, missing, say }: StatusOptions,
): StatusEndpoint {
  const endpoint = endpointOf(address)
  let listener: HttpListener | undefined
  let complained = false
  let closed = false
  return {
    async ensureOpen() {
      if (listener !== undefined || closed) return
      try {
        listener = await openHttpListener(network.listenAt(endpoint), answer, { reusePort: network.reusePort })
        network.bound?.(endpoint, listener.local)
      } catch (error) {
        if (!(error instanceof ListenError)) throw error
        if (!complained) say(`[ERROR] Failed to start metrics handler: ${error.message}; tried again at each check`)
        complained = true
      }
    },
    async close() {
      closed = true
      await listener?.close(GRACE_MS)
    },
  }

  function answer({ path }: HttpQuery): HttpReply {
    if (path === '/metrics') {
      return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: metrics.render() }
    }
    if (path !== '/ready') return { status: 404, body: '404 page not found\n' }
    const waiting = missing()
    return waiting.length === 0 ? { status: 200, body: 'OK' } : { status: 503, body: waiting.join(',') }
  }
}

/** For a scrape that is under way. */
const GRACE_MS = 500

function endpointOf(text: string): Endpoint {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '')
  return { address: host === '' ? '::' : host, port: Number(text.slice(colon + 1)) }
}
