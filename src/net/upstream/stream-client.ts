// Queries over TCP or TLS: connections are kept and used again. A few queries at a time have one each; more share them.
import { createSecureContext } from 'node:tls'
import { Later } from '../../base/index.ts'
import type { Message } from '../../dns/index.ts'
import type { UpstreamClient, UpstreamExchangeOptions, UpstreamResult, UpstreamSettings } from './client.ts'
import { StreamConnection, type StreamTls } from './stream-connection.ts'
import { UpstreamError, timeoutError } from './upstream-error.ts'

/** Connections that are opened before queries share them: until then a slow query holds up no other. */
const SPREAD = 8
/** Queries at a time on a connection; more open another one. */
const MAX_PIPELINED = 16
/** Connections at a time; beyond that queries share them without limit. */
const MAX_CONNECTIONS = 256
/** A connection whose first query waits for so long takes no other: many servers answer a connection's queries in order. */
const PROMPT_MS = 50
/** Nothing heard for so long on a kept connection: it may be dead without a sign (its pod is gone, its NAT entry too). */
const DOUBT_AFTER_MS = 1000
/** A query on a doubtful connection, or behind others, is sent on a new one as well after so long. */
const HEDGE_AFTER_MS = 400
/** A query is sent so many times more: after a connection was lost, or on a second one beside a silent one. */
const MAX_EXTRAS = 1
const LEAST_DIAL_MS = 1000
const LONGEST_DIAL_MS = 30_000

export class StreamClient implements UpstreamClient {
  readonly #settings: UpstreamSettings
  readonly #tls: StreamTls | undefined
  readonly #connections = new Set<StreamConnection>()
  #averageDialMs = LEAST_DIAL_MS
  #sweep: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(settings: UpstreamSettings) {
    this.#settings = settings
    this.#tls = settings.scheme === 'tls' ? createStreamTls(settings) : undefined
  }

  exchange(query: Message, options: UpstreamExchangeOptions): Later<UpstreamResult> {
    const later = new Later<UpstreamResult>()
    const now = performance.now()
    const deadlineMs = now + options.timeoutMs
    const { readTimeoutMs } = options
    const task: Task = { query, readTimeoutMs, deadlineMs, later, underWay: 0, isDone: false, extras: 0 }
    this.#send(task, options.timeoutMs > 0 ? this.#take(options.timeoutMs, now) : undefined, now)
    return later
  }

  close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweep)
    for (const connection of this.#connections) connection.close()
    this.#connections.clear()
    return Promise.resolve()
  }

  #send(task: Task, connection: StreamConnection | undefined, nowMs: number): void {
    const leftMs = task.deadlineMs - nowMs
    if (connection === undefined || leftMs <= 0) {
      this.#end(task, { kind: 'failed', error: this.#noConnection(), protocol: this.#protocol, reused: false })
      return
    }
    const readTimeoutMs = Math.min(task.readTimeoutMs, leftMs)
    const isDoubtful = connection.load > 0 || (connection.uses > 0 && nowMs - connection.heardAtMs > DOUBT_AFTER_MS)
    task.underWay += 1
    connection.ask({
      query: task.query,
      readTimeoutMs,
      slowAfterMs: isDoubtful && task.extras < MAX_EXTRAS ? Math.min(HEDGE_AFTER_MS, readTimeoutMs / 2) : undefined,
      slow: () => this.#askAgain(task, nowMs),
      done: (result) => {
        task.underWay -= 1
        this.#judge(task, result, { connection, sentAtMs: nowMs })
      },
    })
  }

  /** The upstream may close a kept connection just when the query goes out: that says nothing about the upstream. */
  #judge(
    task: Task,
    result: UpstreamResult,
    { connection, sentAtMs }: { readonly connection: StreamConnection; readonly sentAtMs: number },
  ): void {
    if (task.isDone) return
    const isLost = result.kind === 'failed' && result.reused && result.error.code === 'closed'
    if (isLost && task.extras < MAX_EXTRAS && !this.#isClosed) this.#askAgain(task, connection.endedAtMs)
    else if (result.kind !== 'failed' || task.underWay === 0) this.#end(task, result)
    if (result.kind === 'response' && task.extras > 0) this.#closeSilent(sentAtMs)
  }

  /** Sends the query once more, on a connection that was opened after `sinceMs`. */
  #askAgain(task: Task, sinceMs: number): void {
    if (task.isDone || task.extras >= MAX_EXTRAS) return
    task.extras += 1
    const now = performance.now()
    this.#send(task, this.#take(task.deadlineMs - now, now, sinceMs), now)
  }

  #end(task: Task, result: UpstreamResult): void {
    task.isDone = true
    task.later.settle(result)
  }

  /** Connections that were quiet long before the query that another one has answered: dead without a sign. */
  #closeSilent(sentAtMs: number): void {
    for (const connection of this.#connections) {
      if (connection.load > 0 && connection.heardAtMs < sentAtMs - DOUBT_AFTER_MS) connection.abandon()
    }
  }

  /** An idle connection, else a new one, else one that is shared; none when the client is closed. */
  #take(leftMs: number, nowMs: number, openedSinceMs = -Infinity): StreamConnection | undefined {
    const { maxAgeMs } = this.#settings
    let least: StreamConnection | undefined
    for (const connection of this.#connections) {
      if (connection.openedAtMs < openedSinceMs) continue
      if (maxAgeMs > 0 && nowMs - connection.openedAtMs >= maxAgeMs) {
        if (connection.load === 0) connection.close()
        continue
      }
      if (least !== undefined && connection.load >= least.load) continue
      if (connection.load > 0 && nowMs - connection.waitsSinceMs > PROMPT_MS) continue
      least = connection
      if (connection.load === 0) break
    }
    if (least !== undefined && least.load === 0) return least
    const { size } = this.#connections
    if (least !== undefined && size >= SPREAD && least.load < MAX_PIPELINED) return least
    if (size < MAX_CONNECTIONS) return this.#open(leftMs)
    return least ?? this.#leastLoaded()
  }

  #leastLoaded(): StreamConnection | undefined {
    let least: StreamConnection | undefined
    for (const connection of this.#connections) {
      if (least === undefined || connection.load < least.load) least = connection
    }
    return least
  }

  #noConnection(): UpstreamError {
    if (this.#isClosed) return new UpstreamError('shut-down', 'upstream is closed')
    return timeoutError({ during: 'dial', network: 'tcp', to: this.#settings.to })
  }

  get #protocol(): 'tcp' | 'tcp-tls' {
    return this.#tls === undefined ? 'tcp' : 'tcp-tls'
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
      return
    }
    if (connection.load > 0 || this.#isClosed) return
    const { maxAgeMs, maxIdle } = this.#settings
    const isOld = maxAgeMs > 0 && performance.now() - connection.openedAtMs >= maxAgeMs
    if (isOld || (maxIdle > 0 && this.#countIdle() > maxIdle)) {
      connection.close()
      return
    }
    connection.idleSinceMs = performance.now()
  }

  #countIdle(): number {
    let idle = 0
    for (const { load } of this.#connections) idle += load === 0 ? 1 : 0
    return idle
  }

  #closeExpired(): void {
    const before = performance.now() - this.#settings.expireMs
    for (const connection of this.#connections) {
      if (connection.load === 0 && connection.idleSinceMs <= before) connection.close()
    }
    if (this.#connections.size > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
  }
}

/** A query and its attempts, of which there may be two at a time. */
interface Task {
  readonly query: Message
  readonly readTimeoutMs: number
  readonly deadlineMs: number
  readonly later: Later<UpstreamResult>
  /** Attempts that wait. */
  underWay: number
  isDone: boolean
  /** Attempts beyond the first. */
  extras: number
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
