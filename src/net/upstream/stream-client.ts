// Queries over TCP or TLS: connections are kept and used again, one query at a time on each while there are few.
import { createSecureContext } from 'node:tls'
import type { Message } from '../../dns/index.ts'
import type { UpstreamClient, UpstreamExchangeOptions, UpstreamResult, UpstreamSettings } from './client.ts'
import { StreamConnection, type StreamTls } from './stream-connection.ts'
import { UpstreamError, timeoutError } from './upstream-error.ts'

/**
 * Connections at a time; beyond that queries share them.
 *
 * Below it a slow query holds up no other: many servers answer a connection's queries in order.
 */
const MAX_CONNECTIONS = 256
/** Idle connections kept when the settings name no limit. */
const MAX_IDLE = 64
/** Nothing heard for so long on a kept connection: it may be dead without a sign (its pod is gone, its NAT entry too). */
const DOUBT_AFTER_MS = 1000
/** A query on a doubtful connection is sent on a new one as well after so long. */
const HEDGE_AFTER_MS = 400
const LEAST_DIAL_MS = 1000
const LONGEST_DIAL_MS = 30_000

export class StreamClient implements UpstreamClient {
  readonly #settings: UpstreamSettings
  readonly #tls: StreamTls | undefined
  readonly #connections = new Set<StreamConnection>()
  /** First in, first out: the one idle for longest is taken next, so that all stay warm or all expire. */
  #idle: StreamConnection[] = []
  #averageDialMs = LEAST_DIAL_MS
  #sweep: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(settings: UpstreamSettings) {
    this.#settings = settings
    this.#tls = settings.scheme === 'tls' ? createStreamTls(settings) : undefined
  }

  async exchange(query: Message, options: UpstreamExchangeOptions): Promise<UpstreamResult> {
    const deadline = performance.now() + options.timeoutMs
    const kept = this.#takeIdle()
    const connection = kept ?? this.#open(options.timeoutMs)
    const first = this.#ask(connection, query, { ...options, deadline })
    const isDoubtful =
      kept !== undefined &&
      performance.now() - kept.heardAtMs > DOUBT_AFTER_MS &&
      this.#connections.size < MAX_CONNECTIONS
    const result = isDoubtful
      ? await this.#hedge(first, { connection: kept, query, options: { ...options, deadline } })
      : await first
    // The upstream may close a kept connection just when the query goes out: that says nothing about the upstream.
    const isLost = result.kind === 'failed' && result.reused && result.error.code === 'closed'
    const leftMs = deadline - performance.now()
    if (!isLost || leftMs <= 0 || this.#isClosed) return result
    return this.#ask(this.#open(leftMs), query, { ...options, deadline })
  }

  close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweep)
    for (const connection of this.#connections) connection.close()
    this.#connections.clear()
    this.#idle = []
    return Promise.resolve()
  }

  #ask(
    connection: StreamConnection | undefined,
    query: Message,
    options: UpstreamExchangeOptions & { readonly deadline: number },
  ): Promise<UpstreamResult> {
    const leftMs = options.deadline - performance.now()
    if (connection === undefined || leftMs <= 0) {
      const error = this.#isClosed
        ? new UpstreamError('shut-down', 'upstream is closed')
        : timeoutError({ during: 'dial', network: 'tcp', to: this.#settings.to })
      const protocol = this.#tls === undefined ? 'tcp' : 'tcp-tls'
      return Promise.resolve({ kind: 'failed', error, protocol, reused: false })
    }
    return connection.exchange(query, Math.min(options.readTimeoutMs, leftMs))
  }

  /** Waits for the first response of two: on the kept connection and, when that stays silent, on a new one. */
  async #hedge(
    first: Promise<UpstreamResult>,
    from: {
      readonly connection: StreamConnection
      readonly query: Message
      readonly options: UpstreamExchangeOptions & { readonly deadline: number }
    },
  ): Promise<UpstreamResult> {
    const { connection, query, options } = from
    let timer: NodeJS.Timeout | undefined
    const silent = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), Math.min(HEDGE_AFTER_MS, options.readTimeoutMs / 2))
    })
    const early = await Promise.race([first, silent])
    clearTimeout(timer)
    if (early !== undefined) return early
    const second = this.#ask(this.#open(options.deadline - performance.now()), query, options)
    const winner = await firstResponse(first, second)
    if (winner.kind === 'response' && !winner.reused && connection.load > 0) connection.close()
    return winner
  }

  #takeIdle(): StreamConnection | undefined {
    const { maxAgeMs } = this.#settings
    for (let connection = this.#idle.shift(); connection !== undefined; connection = this.#idle.shift()) {
      const isOld = maxAgeMs > 0 && performance.now() - connection.openedAtMs >= maxAgeMs
      if (!isOld && !connection.isClosed) return connection
      connection.close()
    }
    return this.#connections.size < MAX_CONNECTIONS ? undefined : this.#leastLoaded()
  }

  #leastLoaded(): StreamConnection | undefined {
    let least: StreamConnection | undefined
    for (const connection of this.#connections) {
      if (least === undefined || connection.load < least.load) least = connection
    }
    return least
  }

  #open(leftMs: number): StreamConnection | undefined {
    if (this.#isClosed || leftMs <= 0) return undefined
    const { to, connectTo, sourceAddress, expireMs } = this.#settings
    const dialTimeoutMs = Math.min(leftMs, LONGEST_DIAL_MS, Math.max(LEAST_DIAL_MS, this.#averageDialMs * 2))
    const connection = new StreamConnection({
      to,
      connectTo,
      sourceAddress,
      dialTimeoutMs,
      tls: this.#tls,
      released: (released) => this.#release(released),
      connected: (tookMs) => {
        this.#averageDialMs += (tookMs - this.#averageDialMs) / 4
      },
    })
    this.#connections.add(connection)
    this.#sweep ??= setInterval(() => this.#closeExpired(), Math.max(1000, expireMs / 2)).unref()
    return connection
  }

  #release(connection: StreamConnection): void {
    if (connection.isClosed) {
      this.#connections.delete(connection)
      this.#idle = this.#idle.filter((idle) => idle !== connection)
      return
    }
    if (connection.load > 0 || this.#isClosed) return
    const { maxAgeMs, maxIdle } = this.#settings
    const isOld = maxAgeMs > 0 && performance.now() - connection.openedAtMs >= maxAgeMs
    if (isOld || this.#idle.length >= (maxIdle === 0 ? MAX_IDLE : maxIdle)) {
      connection.close()
      return
    }
    connection.idleSinceMs = performance.now()
    this.#idle.push(connection)
  }

  #closeExpired(): void {
    const before = performance.now() - this.#settings.expireMs
    for (const connection of this.#idle.filter((idle) => idle.idleSinceMs <= before)) connection.close()
    if (this.#connections.size > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
  }
}

/** The first of two that is a response; when none is, the outcome of the later one. */
function firstResponse(one: Promise<UpstreamResult>, other: Promise<UpstreamResult>): Promise<UpstreamResult> {
  return new Promise((resolve) => {
    let failed = 0
    const take = (result: UpstreamResult): void => {
      failed += result.kind === 'failed' ? 1 : 0
      if (result.kind !== 'failed' || failed === 2) resolve(result)
    }
    void one.then(take)
    void other.then(take)
  })
}

function createStreamTls({ tls }: UpstreamSettings): StreamTls {
  let last: Buffer | undefined
  return {
    context: createSecureContext({ ca: tls.ca, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' }),
    serverName: tls.serverName,
    session: () => last,
    keepSession: (session) => {
      last = session
    },
  }
}
