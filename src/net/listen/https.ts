// DNS over HTTPS (RFC 8484) at /dns-query: HTTP/2 and HTTP/1.1 over TLS, HTTP/1.1 in the clear without a certificate.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Server, Socket } from 'node:net'
import { decodeMessage } from '../../dns/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import type { Listener, Responder } from './responder.ts'
import { listen } from './listen.ts'
import type { ListenOptions, TcpSocket } from './listen.ts'
import { unmapped } from './stream.ts'
import { applyTls, tlsOptions } from './tls.ts'
import type { ListenTls } from './tls.ts'

/** Settings of a DoH listener. */
export interface HttpsOptions extends ListenOptions {
  /** Connections at one time; more are closed at once. 0 means no limit. */
  readonly maxConnections: number
  readonly idleTimeoutMs: number
  readonly readTimeoutMs: number
  /** In the clear if absent. */
  readonly tls?: ListenTls | undefined
  /** Called once per HTTP response. */
  readonly onStatus: (status: number) => void
}

/** A listener whose certificate can be exchanged without closing it. */
export interface HttpsListener extends Listener, TcpSocket {
  update(options: Pick<HttpsOptions, 'onStatus' | 'tls'>): void
}

type AnyRequest = Http2ServerRequest | IncomingMessage
type AnyResponse = Http2ServerResponse | ServerResponse

const PATH = '/dns-query'
const MEDIA_TYPE = 'application/dns-message'
/** Octets of base64url, enough for a query of 6 kB; longer ones can be POSTed (CVE-2026-32936). */
const MAX_PARAMETER_LENGTH = 8192
const MAX_MESSAGE_BYTES = 65_535

/**
 * Opens a DoH listener.
 *
 * @throws {ListenError}
 */
export async function openHttpsListener(
  endpoint: Endpoint,
  responder: Responder,
  options: HttpsOptions,
): Promise<HttpsListener> {
  const state = { responder, onStatus: options.onStatus }
  const open = new Set<Socket>()

  function handle(request: AnyRequest, response: AnyResponse): void {
    void serve(request, state.responder).then((reply) => {
      state.onStatus(reply.status)
      write(response, reply)
    })
  }

  const server = createHttpServer(options, handle)
  if (options.maxConnections > 0) server.maxConnections = options.maxConnections
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => open.delete(socket))
  })
  const { local, duplicate, handOver } = await listen(server, endpoint, options)

  return {
    local,
    duplicate,
    setResponder: (next) => {
      state.responder = next
    },
    update(next) {
      state.onStatus = next.onStatus
      if (next.tls !== undefined && 'setSecureContext' in server && typeof server.setSecureContext === 'function') {
        server.setSecureContext(tlsOptions(next.tls))
      }
    },
    async close(graceMs) {
      if (graceMs > 0) await handOver()
      const stopped = once(server, 'close')
      server.close()
      const timer = setTimeout(() => {
        for (const socket of open) socket.destroy()
      }, graceMs)
      if ('closeIdleConnections' in server && typeof server.closeIdleConnections === 'function') {
        server.closeIdleConnections()
      }
      await stopped
      clearTimeout(timer)
    },
  }
}

function createHttpServer(options: HttpsOptions, handle: (request: AnyRequest, response: AnyResponse) => void): Server {
  const { tls, idleTimeoutMs, readTimeoutMs } = options
  if (tls === undefined) {
    const server = createServer(handle)
    server.keepAliveTimeout = idleTimeoutMs
    server.headersTimeout = readTimeoutMs
    server.requestTimeout = readTimeoutMs
    return server
  }
  const server = createSecureServer(
    {
      ...tlsOptions(tls),
      allowHTTP1: true,
      handshakeTimeout: readTimeoutMs,
      settings: { maxConcurrentStreams: 250, maxHeaderListSize: 16_384 },
    },
    handle,
  )
  server.setTimeout(idleTimeoutMs)
  server.on('sessionError', () => {})
  applyTls(server, tls)
  return server
}

// --- One exchange (RFC 8484 §4) ---

interface Reply {
  readonly status: number
  readonly octets?: Uint8Array
  /** Said to a person who looks with curl. */
  readonly text?: string
}

async function serve(request: AnyRequest, responder: Responder): Promise<Reply> {
  const url = request.url ?? ''
  const [path] = url.split('?', 1)
  if (path !== PATH) return { status: 404, text: '404 page not found' }
  const query = request.method === 'GET' ? fromParameter(url) : await fromBody(request)
  if (!(query instanceof Uint8Array)) return query
  const { socket } = request
  const client = { address: unmapped(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
  const local = { address: unmapped(socket.localAddress ?? ''), port: socket.localPort ?? 0 }
  const octets = await responder(query, { client, local, transport: 'https' })
  // What UDP answers with silence is a bad request here: each request has its response.
  return octets === undefined ? { status: 400, text: 'not a DNS query' } : { status: 200, octets }
}

function fromParameter(url: string): Uint8Array | Reply {
  const parameter = /[?&]dns=([^&]*)/.exec(url)?.[1]
  if (parameter === undefined) return { status: 400, text: 'no "dns" query parameter found' }
  if (parameter.length > MAX_PARAMETER_LENGTH) return { status: 414, text: '"dns" query parameter is too long' }
  // Padding is not base64url's way (RFC 8484 §6) but harmless.
  const text = decodeURIComponentOr(parameter).replace(/=+$/, '')
  if (!/^[\w-]+$/.test(text)) return { status: 400, text: '"dns" query parameter is not base64url' }
  return new Uint8Array(Buffer.from(text, 'base64url'))
}

function decodeURIComponentOr(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

async function fromBody(request: AnyRequest): Promise<Uint8Array | Reply> {
  if (request.method !== 'POST') return { status: 405, text: `method not allowed: ${request.method ?? ''}` }
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== MEDIA_TYPE) return { status: 415, text: `content type must be ${MEDIA_TYPE}` }
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of request as AsyncIterable<Uint8Array>) {
      length += part.length
      if (length > MAX_MESSAGE_BYTES) return { status: 413, text: 'message is longer than 65535 octets' }
      parts.push(part)
    }
  } catch {
    return { status: 400, text: 'request was not received in whole' }
  }
  return Buffer.concat(parts)
}

function write(response: AnyResponse, { status, octets, text }: Reply): void {
  if (response.destroyed || response.writableEnded) return
  const body = octets ?? `${text ?? ''}\n`
  const headers: Record<string, number | string> =
    octets === undefined
      ? { 'content-type': 'text/plain; charset=utf-8' }
      : { 'content-type': MEDIA_TYPE, 'cache-control': `max-age=${freshnessSeconds(octets)}` }
  headers['content-length'] = body.length
  // An answer to a request whose body was not read ends the connection: the rest of it would be taken for a request.
  if (status === 413 && 'shouldKeepAlive' in response) response.shouldKeepAlive = false
  // The two response classes have the same method, with overloads that no common call fits.
  ;(response as ServerResponse).writeHead(status, headers)
  response.end(body)
}

/** The smallest TTL of the answer (RFC 8484 §5.1); 0 when there is none. */
function freshnessSeconds(octets: Uint8Array): number {
  const { answer, authority } = decodeMessage(octets)
  const ttls = [...answer, ...authority].map(({ ttl }) => ttl)
  return ttls.length === 0 ? 0 : Math.min(...ttls)
}
