// Small HTTP listeners for health, readiness and metrics: GET, short answers, bounded in every direction.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Endpoint } from '../exchange-result.ts'
import { listen } from './listen.ts'
import type { ListenOptions } from './listen.ts'

/** One answer. */
export interface HttpReply {
  readonly status: number
  /** Default `text/plain; charset=utf-8`. */
  readonly contentType?: string
  readonly body: string
}

/** One request, as far as such listeners look at it. */
export interface HttpQuery {
  readonly path: string
  readonly search: URLSearchParams
  readonly method: string
}

/** Answers one request; what it throws becomes status 500. */
export type HttpResponder = (query: HttpQuery) => HttpReply | Promise<HttpReply>

/** An open HTTP listener. */
export interface HttpListener {
  readonly local: Endpoint
  /** Ends connections without a request at once, the others after their answer or `graceMs`. */
  close(graceMs: number): Promise<void>
}

const TIMEOUT_MS = 5000
const MAX_CONNECTIONS = 1024
/** Octets of a request's head; a scraper's has a few hundred. */
const MAX_HEADER_SIZE = 8192
/** Node looks for connections beyond their time so often; by default only every 30 s. */
const CHECK_INTERVAL_MS = 1000

/** How an HTTP listener is opened. */
export interface HttpOptions extends ListenOptions {
  /** In the clear if absent. */
  readonly tls?: TlsOptions | undefined
  /** Connections at the same time; more are closed at once. Default 1024. */
  readonly maxConnections?: number
  /** Milliseconds without an octet either way, after which a connection ends; default none once a request is in. */
  readonly idleTimeoutMs?: number
}

/**
 * Opens an HTTP listener, or an HTTPS one with `tls`.
 *
 * @throws {ListenError}
 */
export async function openHttpListener(
  endpoint: Endpoint,
  responder: HttpResponder,
  options: HttpOptions = {},
): Promise<HttpListener> {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume()
    void answer(request, responder).then((reply) => write(response, reply))
  }
  const { tls, maxConnections = MAX_CONNECTIONS, idleTimeoutMs = 0 } = options
  const bounds = { maxHeaderSize: MAX_HEADER_SIZE, connectionsCheckingInterval: CHECK_INTERVAL_MS }
  const server: Server =
    tls === undefined ? createServer(bounds, handle) : createSecureServer({ ...bounds, ...tls }, handle)
  server.maxConnections = maxConnections
  server.timeout = idleTimeoutMs
  server.headersTimeout = TIMEOUT_MS
  server.requestTimeout = TIMEOUT_MS
  server.keepAliveTimeout = TIMEOUT_MS
  server.on('clientError', (_error: Error, socket: Socket) => socket.destroy())
  const { local, handOver } = await listen(server, endpoint, options)
  return {
    local,
    async close(graceMs) {
      if (graceMs > 0) await handOver()
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(timer)
    },
  }
}

async function answer({ url = '/', method = 'GET' }: IncomingMessage, responder: HttpResponder): Promise<HttpReply> {
  const [path = '/', search = ''] = url.split('?', 2)
  try {
    return await responder({ path, search: new URLSearchParams(search), method })
  } catch (error) {
    return { status: 500, body: `${error instanceof Error ? error.message : String(error)}\n` }
  }
}

function write(response: ServerResponse, { status, contentType = 'text/plain; charset=utf-8', body }: HttpReply): void {
  if (response.destroyed) return
  const octets = Buffer.from(body)
  response.writeHead(status, { 'content-type': contentType, 'content-length': octets.length })
  response.end(octets)
}
