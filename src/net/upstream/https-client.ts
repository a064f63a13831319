// Queries over HTTPS (RFC 8484): one HTTP/2 connection for all of them, or HTTP/1.1 where the server has nothing newer.
import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2'
import { Agent, request as requestHttps } from 'node:https'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { encodeMessage, type Message } from '../../dns/index.ts'
import type { UpstreamClient, UpstreamExchangeOptions, UpstreamResult, UpstreamSettings } from './client.ts'
import { judgeResponse } from './query-exchange.ts'
import {
  UpstreamError,
  closedError,
  formatEndpoint,
  malformedError,
  socketError,
  timeoutError,
} from './upstream-error.ts'

const PATH = '/dns-query'
const MEDIA_TYPE = 'application/dns-message'
const MAX_OCTETS = 65_535
const DIAL_TIMEOUT_MS = 5000

/** A connection that stands: how to send one request over it. */
interface Carrier {
  /** Gives the body of a 200 response. Rejects with an {@link UpstreamError} or an error of Node's. */
  send(octets: Uint8Array, timeoutMs: number): Promise<Uint8Array>
  readonly openedAtMs: number
  isUsable(): boolean
  close(): void
}

export class HttpsClient implements UpstreamClient {
  readonly #settings: UpstreamSettings
  #carrier: Promise<Carrier> | undefined
  #current: Carrier | undefined
  #isClosed = false

  constructor(settings: UpstreamSettings) {
    this.#settings = settings
  }

  async exchange(query: Message, options: UpstreamExchangeOptions): Promise<UpstreamResult> {
    const startedAtMs = performance.now()
    const first = await this.#attempt(query, options, startedAtMs)
    // The server may close a kept connection just when the request goes out: that says nothing about the server.
    const isLost = first.kind === 'failed' && first.reused && first.error.code === 'closed'
    return isLost && !this.#isClosed ? this.#attempt(query, options, startedAtMs) : first
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#current?.close()
    this.#current = undefined
    this.#carrier = undefined
    return Promise.resolve()
  }

  async #attempt(query: Message, options: UpstreamExchangeOptions, startedAtMs: number): Promise<UpstreamResult> {
    const reused = this.#current?.isUsable() ?? false
    const protocol = 'https'
    const place = { network: 'tcp', to: this.#settings.to } as const
    let during: 'dial' | 'read' = 'dial'
    try {
      if (this.#isClosed) throw new UpstreamError('shut-down', 'upstream is closed')
      const leftMs = options.timeoutMs - (performance.now() - startedAtMs)
      const carrier = await this.#open(Math.min(DIAL_TIMEOUT_MS, Math.max(1, leftMs)))
      during = 'read'
      // Id 0 lets HTTP caches do their work (RFC 8484 §4.1); the response is matched by its stream.
      const body = await carrier.send(
        encodeMessage({ ...query, id: 0 }),
        Math.min(options.readTimeoutMs, Math.max(1, leftMs)),
      )
      const verdict = judgeResponse(body, query)
      const rttMs = performance.now() - startedAtMs
      if (verdict.kind === 'match') return { kind: 'response', message: verdict.message, protocol, rttMs, reused }
      if (verdict.kind === 'other-question') return { kind: 'other-question', protocol, reused }
      const why = verdict.kind === 'malformed' ? verdict.error : new Error('not a response')
      return { kind: 'failed', error: malformedError({ ...place, during }, why), protocol, reused }
    } catch (error) {
      const known = error instanceof UpstreamError ? error : socketError({ ...place, during }, error)
      return { kind: 'failed', error: known, protocol, reused }
    }
  }

  /** The connection that stands, or a new one; several queries wait for the same. */
  async #open(timeoutMs: number): Promise<Carrier> {
    const { maxAgeMs } = this.#settings
    const current = this.#current
    if (current !== undefined) {
      const isOld = maxAgeMs > 0 && performance.now() - current.openedAtMs >= maxAgeMs
      if (current.isUsable() && !isOld) return current
      if (isOld) current.close()
      this.#current = undefined
      this.#carrier = undefined
    }
    this.#carrier ??= openCarrier(this.#settings, timeoutMs)
    const opening = this.#carrier
    try {
      const carrier = await opening
      this.#current = carrier
      if (this.#isClosed) carrier.close()
      return carrier
    } catch (error) {
      if (this.#carrier === opening) this.#carrier = undefined
      throw error
    }
  }
}

async function openCarrier(settings: UpstreamSettings, timeoutMs: number): Promise<Carrier> {
  const socket = await openTls(settings, timeoutMs)
  return socket.alpnProtocol === 'h2' ? carryHttp2(settings, socket) : carryHttp1(settings, socket)
}

function openTls(settings: UpstreamSettings, timeoutMs: number): Promise<TLSSocket> {
  const place = { during: 'dial', network: 'tcp', to: settings.to } as const
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...tlsOptions(settings), ALPNProtocols: ['h2', 'http/1.1'] })
    const timer = setTimeout(() => {
      socket.destroy()
      reject(timeoutError(place))
    }, timeoutMs)
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      resolve(socket)
    })
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(socketError(place, error))
    })
  })
}

function tlsOptions(settings: UpstreamSettings): ConnectionOptions {
  const { tls, connectTo, sourceAddress } = settings
  return {
    host: connectTo.address,
    port: connectTo.port,
    servername: tls.serverName ?? '',
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key,
    minVersion: 'TLSv1.2',
    ...(sourceAddress === undefined ? {} : { localAddress: sourceAddress }),
  }
}

/** Host and port of the URL. */
function authorityOf({ authority, tls, to }: UpstreamSettings): string {
  const host = authority ?? tls.serverName
  return host === undefined ? formatEndpoint(to) : `${host}${to.port === 443 ? '' : `:${to.port}`}`
}

/** Method, path and headers of one query; GET carries it in the path. */
function requestParts(
  settings: UpstreamSettings,
  octets: Uint8Array,
): {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
} {
  const accept = { accept: MEDIA_TYPE }
  if (settings.httpMethod === 'GET') {
    const path = `${PATH}?dns=${Buffer.from(octets).toString('base64url')}`
    return { method: 'GET', path, headers: accept, body: undefined }
  }
  const headers = { ...accept, 'content-type': MEDIA_TYPE, 'content-length': String(octets.length) }
  return { method: 'POST', path: PATH, headers, body: octets }
}

/** Collects a body; refuses other statuses and more than a message can hold. */
function createBody(to: UpstreamSettings['to']): {
  readonly check: (status: number | undefined) => UpstreamError | undefined
  readonly add: (chunk: Uint8Array) => UpstreamError | undefined
  readonly whole: () => Uint8Array
} {
  const chunks: Uint8Array[] = []
  let size = 0
  return {
    check: (status) =>
      status === 200
        ? undefined
        : new UpstreamError('http', `https ${formatEndpoint(to)}: HTTP status ${status ?? 'missing'}`),
    add(chunk) {
      chunks.push(chunk)
      size += chunk.length
      return size > MAX_OCTETS
        ? new UpstreamError('too-large', `https ${formatEndpoint(to)}: response over ${MAX_OCTETS} octets`)
        : undefined
    },
    whole: () => new Uint8Array(Buffer.concat(chunks)),
  }
}

// --- HTTP/2 ---

function carryHttp2(settings: UpstreamSettings, socket: TLSSocket): Carrier {
  const { to, expireMs } = settings
  const session: ClientHttp2Session = connectHttp2(`https://${authorityOf(settings)}`, {
    createConnection: () => socket,
  })
  let isUsable = true
  const end = (): void => {
    isUsable = false
  }
  session.on('error', end)
  session.on('goaway', end)
  session.on('close', end)
  session.setTimeout(Math.max(1000, expireMs), () => {
    end()
    session.close()
  })
  // Timers of waiting queries keep the process alive, an idle connection does not.
  session.unref()
  return {
    openedAtMs: performance.now(),
    isUsable: () => isUsable && !session.closed && !session.destroyed,
    close() {
      end()
      session.destroy()
    },
    send: (octets, timeoutMs) =>
      new Promise((resolve, reject) => {
        const { method, path, headers, body } = requestParts(settings, octets)
        const stream = session.request(
          { ...headers, ':method': method, ':path': path },
          { endStream: body === undefined },
        )
        const collected = createBody(to)
        let failure: Error | undefined
        const fail = (error: Error): void => {
          failure ??= error
          stream.close(constants.NGHTTP2_CANCEL)
        }
        const timer = setTimeout(() => fail(timeoutError({ during: 'read', network: 'tcp', to })), timeoutMs)
        let answered = false
        stream.on('response', (response) => {
          answered = true
          const wrong = collected.check(response[':status'])
          if (wrong !== undefined) fail(wrong)
        })
        stream.on('data', (chunk: Uint8Array) => {
          const wrong = collected.add(chunk)
          if (wrong !== undefined) fail(wrong)
        })
        stream.on('error', (error) => {
          failure ??= error
        })
        let ended = false
        stream.on('end', () => {
          ended = true
        })
        stream.on('close', () => {
          clearTimeout(timer)
          if (failure !== undefined) reject(failure)
          else if (answered && ended && !stream.aborted) resolve(collected.whole())
          else reject(closedError({ during: 'read', network: 'tcp', to }))
        })
        if (body !== undefined) stream.end(body)
      }),
  }
}

// --- HTTP/1.1 ---

function carryHttp1(settings: UpstreamSettings, first: TLSSocket): Carrier {
  const { to, expireMs } = settings
  const agent = new Agent({
    keepAlive: true,
    keepAliveMsecs: Math.max(1000, expireMs),
    timeout: Math.max(1000, expireMs),
  })
  // What was opened to see which protocol the server speaks is not used further: the agent has sockets of its own.
  first.destroy()
  let isOpen = true
  return {
    openedAtMs: performance.now(),
    isUsable: () => isOpen,
    close() {
      isOpen = false
      agent.destroy()
    },
    send: (octets, timeoutMs) =>
      new Promise((resolve, reject) => {
        const { method, path, headers, body } = requestParts(settings, octets)
        const collected = createBody(to)
        const request = requestHttps({
          ...tlsOptions(settings),
          agent,
          method,
          path,
          headers: { ...headers, host: authorityOf(settings) },
        })
        const timer = setTimeout(() => request.destroy(timeoutError({ during: 'read', network: 'tcp', to })), timeoutMs)
        const fail = (error: Error): void => {
          clearTimeout(timer)
          reject(error)
        }
        request.on('error', fail)
        request.on('response', (response) => {
          const wrong = collected.check(response.statusCode)
          if (wrong !== undefined) {
            response.destroy()
            fail(wrong)
            return
          }
          response.on('data', (chunk: Uint8Array) => {
            const large = collected.add(chunk)
            if (large !== undefined) request.destroy(large)
          })
          response.on('error', fail)
          response.on('end', () => {
            clearTimeout(timer)
            resolve(collected.whole())
          })
        })
        request.end(body)
      }),
  }
}
