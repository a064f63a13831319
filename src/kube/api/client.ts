// A thin client for the Kubernetes API over node:http and node:https: deadlines, clear errors, nothing generated.
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { createGunzip } from 'node:zlib'
import type { WebSocket } from 'ws'
import { PROGRAM_NAME, PROGRAM_VERSION, UsageError } from '../../base/index.ts'
import type { ClusterAccess } from './access.ts'
import { createAuthorizer, type Authorization, type Authorizer } from './authorizer.ts'
import { KubeApiError } from './error.ts'
import { answerError, bodyError, connectionError } from './failure.ts'
import type { Environment } from './kubeconfig.ts'
import { proxyFor, tunnelAgent } from './proxy.ts'
import { openWebSocket, type RefusedUpgrade, type WebSocketRequest } from './web-socket.ts'

export interface KubeRequest {
  /** Default `GET`. */
  readonly method?: string | undefined
  /** From the server's root, such as `/api/v1/pods`; path segments already percent-encoded. */
  readonly path: string
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  /** Added to, and winning over, the client's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Sent as JSON. */
  readonly body?: unknown
  /** Milliseconds until the head of the response, and then between two parts of the body; default 10,000. 0: no limit. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface KubeResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Decompressed. Must be read or destroyed. */
  readonly body: Readable
}

export interface AccessQuestion {
  readonly verb: string
  /** API group; default core. */
  readonly group?: string
  readonly resource: string
  readonly subresource?: string
  /** Absent: in all namespaces. */
  readonly namespace?: string
  readonly name?: string
}

const DEFAULT_TIMEOUT_MS = 10_000
/** One JSON document; lists come in pages far below it. */
const MOST_OCTETS = 256 << 20
/** client-go's page size for lists. */
const PAGE_SIZE = 500

/** Talks to one API server. Connections are kept open until {@link KubeClient.close}. */
export class KubeClient {
  readonly access: ClusterAccess
  readonly #server: URL
  readonly #agent: HttpAgent
  readonly #authorizer: Authorizer
  #calls = 0

  /** @throws {UsageError} the proxy's URL cannot be used */
  constructor(access: ClusterAccess, environment: Environment) {
    this.access = access
    this.#server = new URL(access.server)
    this.#authorizer = createAuthorizer(access, environment)
    this.#agent = createAgent(access, this.#server, environment)
  }

  /** Requests so far, WebSockets among them; further pages of a list and new attempts with a new credential are none. */
  get calls(): number {
    return this.#calls
  }

  /**
   * Sends one request and gives its response whatever its status.
   *
   * @throws {KubeApiError} there was no HTTP answer: `unreachable`, `tls`, `timeout`, `credential`
   */
  async stream(request: KubeRequest): Promise<KubeResponse> {
    if (request.query?.['continue'] === undefined) this.#calls += 1
    const response = await this.#send(request, await this.#authorizer.authorize())
    if (response.status !== 401 || !this.#authorizer.renew()) return response
    response.body.destroy()
    return this.#send(request, await this.#authorizer.authorize())
  }

  /** Like {@link KubeClient.stream}, for statuses below 400. @throws {KubeApiError} for all others too */
  async request(request: KubeRequest): Promise<KubeResponse> {
    const response = await this.stream(request)
    if (response.status < 400) return response
    const text = await readText(response.body, 64 << 10).catch(() => '')
    throw answerError(this.access, { method: request.method ?? 'GET', path: pathWithQuery(request) }, response, text)
  }

  /** GETs a JSON document. @throws {KubeApiError} `not-kubernetes` when it is none */
  async getJson(path: string, options: Omit<KubeRequest, 'body' | 'path'> = {}): Promise<unknown> {
    return this.#readJson({ ...options, path })
  }

  /** GETs a text, such as a log or what a pod answers through its proxy; at most `mostOctets`, the rest is cut off. */
  async getText(
    path: string,
    options: Omit<KubeRequest, 'body' | 'path'> & { mostOctets?: number } = {},
  ): Promise<string> {
    const { body } = await this.request({ ...options, path, headers: { accept: '*/*', ...options.headers } })
    return readText(body, options.mostOctets ?? 16 << 20)
  }

  /** POSTs a JSON document and gives the one that comes back. */
  async post(path: string, body: unknown, options: Omit<KubeRequest, 'body' | 'path'> = {}): Promise<unknown> {
    return this.#readJson({ ...options, path, method: 'POST', body })
  }

  /**
   * Lists a resource page by page, as parsed JSON.
   *
   * When a continue token grows too old (410) the list is read again in one piece; `restarted` is then true for that page
   * and everything given before must be forgotten.
   */
  async *pages(
    path: string,
    options: Omit<KubeRequest, 'body' | 'path'> & { limit?: number } = {},
  ): AsyncGenerator<{ readonly page: Readonly<Record<string, unknown>>; readonly restarted: boolean }> {
    const limit = options.limit ?? PAGE_SIZE
    let token: string | undefined
    do {
      let page: unknown
      try {
        page = await this.getJson(path, { ...options, query: { ...options.query, limit, continue: token } })
      } catch (error) {
        if (token === undefined || !(error instanceof KubeApiError) || error.code !== 'expired') throw error
        const whole = await this.getJson(path, { ...options, query: options.query })
        yield { page: whole as Readonly<Record<string, unknown>>, restarted: true }
        return
      }
      const list = page as { readonly metadata?: { readonly continue?: unknown } }
      const next = list.metadata?.continue
      token = typeof next === 'string' && next !== '' ? next : undefined
      yield { page: page as Readonly<Record<string, unknown>>, restarted: false }
    } while (token !== undefined)
  }

  /** Asks the API server whether the user may do this (SelfSubjectAccessReview). */
  async canI(question: AccessQuestion): Promise<boolean> {
    const review = await this.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: question },
    })
    const { status } = review as { readonly status?: { readonly allowed?: unknown } }
    return status?.allowed === true
  }

  /**
   * Opens a WebSocket, as exec and port-forward need it. Its messages wait until {@link WebSocket.resume} is called.
   *
   * @throws {KubeApiError} there was no answer within the time, or the API server refuses
   */
  async openWebSocket(request: WebSocketRequest): Promise<WebSocket> {
    this.#calls += 1
    const open = async (): Promise<RefusedUpgrade | WebSocket> => {
      const authorization = await this.#authorizer.authorize()
      return openWebSocket(request, { access: this.access, agent: this.#agent, authorization })
    }
    let opened = await open()
    if ('response' in opened && opened.response.statusCode === 401 && this.#authorizer.renew()) {
      opened.response.destroy()
      opened = await open()
    }
    if (!('response' in opened)) return opened
    const { statusCode: status = 0, headers } = opened.response
    const text = await readText(opened.response, 64 << 10).catch(() => '')
    throw answerError(this.access, { method: 'GET', path: request.path }, { status, headers }, text)
  }

  close(): void {
    this.#agent.destroy()
  }

  async #readJson(request: KubeRequest): Promise<unknown> {
    const at = { method: request.method ?? 'GET', path: pathWithQuery(request) }
    const response = await this.request(request)
    let text: string
    try {
      text = await readText(response.body, MOST_OCTETS, true)
    } catch (error) {
      throw bodyError(this.access, at, error)
    }
    try {
      return JSON.parse(text)
    } catch (error) {
      throw bodyError(this.access, at, error, text)
    }
  }

  async #send(request: KubeRequest, authorization: Authorization): Promise<KubeResponse> {
    const { method = 'GET', body, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = request
    const secure = this.#server.protocol === 'https:'
    const path = pathWithQuery(request)
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const headers = {
      accept: 'application/json',
      'accept-encoding': 'gzip',
      'user-agent': `${PROGRAM_NAME}/${PROGRAM_VERSION}`,
      ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
      ...authorization.headers,
      ...request.headers,
    }
    const { cert, key } = authorization
    const sender = secure ? httpsRequest : httpRequest
    return new Promise((resolve, reject) => {
      const outgoing = sender({
        host: this.#server.hostname.replace(/^\[|\]$/g, ''),
        port: this.#server.port || (secure ? 443 : 80),
        path: this.#server.pathname.replace(/\/$/, '') + path,
        method,
        headers,
        agent: this.#agent,
        ...(signal === undefined ? {} : { signal }),
        ...(cert === undefined ? {} : { cert, key }),
      })
      const silence = `no answer within ${timeoutMs / 1000} s`
      const fail = (error: Error): void =>
        reject(connectionError(this.access, { method, path }, { error, timedOut: error.message === silence }))
      outgoing.on('error', fail)
      // Counted from the start, whatever phase it hangs in: the socket's own idle time would begin anew in each.
      const timer = timeoutMs > 0 ? setTimeout(() => outgoing.destroy(new Error(silence)), timeoutMs) : undefined
      outgoing.on('close', () => clearTimeout(timer))
      outgoing.on('response', (incoming: IncomingMessage) => {
        clearTimeout(timer)
        if (timeoutMs > 0) incoming.setTimeout(timeoutMs, () => incoming.destroy(new Error(silence)))
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: decompressed(incoming) })
      })
      outgoing.end(payload)
    })
  }
}

/** Path of a GET to a pod's own HTTP port, through the API server. */
export function podProxyPath(pod: { namespace: string; name: string; port: number | string }, path: string): string {
  const name = encodeURIComponent(pod.name)
  return `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${name}:${pod.port}/proxy/${path.replace(/^\//, '')}`
}

/** Path of a pod's log. */
export function podLogPath(pod: { namespace: string; name: string }): string {
  return `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/log`
}

function pathWithQuery({ path, query }: KubeRequest): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined)
  if (pairs.length === 0) return path
  return `${path}?${new URLSearchParams(pairs.map(([key, value]): [string, string] => [key, String(value)])).toString()}`
}

function createAgent(access: ClusterAccess, server: URL, environment: Environment): HttpAgent {
  const { tls } = access
  const options = {
    keepAlive: true,
    maxSockets: 16,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: !tls.insecureSkipVerify,
  } satisfies ConnectionOptions & { keepAlive: boolean; maxSockets: number }
  const proxy = usableProxy(access, server, environment)
  if (proxy !== undefined) return tunnelAgent(proxy, server, options)
  return server.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options)
}

function usableProxy(access: ClusterAccess, server: URL, environment: Environment): URL | undefined {
  let proxy: URL | undefined
  try {
    proxy = proxyFor(server, access.proxyUrl, environment)
  } catch (error) {
    throw new UsageError('bad-configuration', `Cannot use the proxy for ${access.server}: it is no URL`, {
      cause: error,
    })
  }
  if (proxy === undefined || /^(https?|socks5h?):$/.test(proxy.protocol)) return proxy
  const scheme = proxy.protocol.replace(/:$/, '')
  throw new UsageError(
    'bad-configuration',
    `Cannot use the proxy for ${access.server}: scheme "${scheme}" is none of http, https, socks5`,
  )
}

function decompressed(incoming: IncomingMessage): Readable {
  if (incoming.headers['content-encoding'] !== 'gzip') return incoming
  const gunzip = createGunzip()
  incoming.on('error', (error) => gunzip.destroy(error))
  gunzip.on('close', () => incoming.destroy())
  return incoming.pipe(gunzip)
}

async function readText(body: Readable, mostOctets: number, isLimit = false): Promise<string> {
  const chunks: Buffer[] = []
  let octets = 0
  for await (const chunk of body) {
    const part = chunk as Buffer
    octets += part.length
    chunks.push(part)
    if (octets <= mostOctets) continue
    if (isLimit) throw new Error(`more than ${mostOctets >> 20} MiB`)
    break
  }
  return Buffer.concat(chunks).subarray(0, mostOctets).toString('utf8')
}
