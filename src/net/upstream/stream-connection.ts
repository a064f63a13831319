// One TCP or TLS connection to an upstream and the queries that wait on it, matched by id in whatever order answers come.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import { ChurningMap } from '../../base/index.ts'
import type { Message } from '../../dns/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import { createFrameSplitter, frameMessage } from '../tcp-frames.ts'
import type { UpstreamResult } from './client.ts'
import { encodeQuery, idOf, judgeResponse } from './query-exchange.ts'
import {
  UpstreamError,
  closedError,
  malformedError,
  shutDownError,
  socketError,
  timeoutError,
  type FailurePlace,
} from './upstream-error.ts'

/** What makes a connection a TLS one. */
export interface StreamTls {
  readonly context: SecureContext
  readonly serverName: string | undefined
  /** The last session, to resume it (RFC 8446 §2.2). */
  session(): Buffer | undefined
  keepSession(session: Buffer): void
}

export interface StreamConnectionOptions {
  readonly to: Endpoint
  readonly connectTo: Endpoint
  readonly sourceAddress?: string | undefined
  readonly dialTimeoutMs: number
  readonly tls?: StreamTls | undefined
  /** Runs when a query is done and when the connection ended. */
  readonly released: (connection: StreamConnection) => void
  /** Runs once it stands, with the time that took. */
  readonly connected?: (tookMs: number) => void
}

/** One query to a connection. */
export interface StreamQuery {
  readonly query: Message
  /** How long to wait for the response once the query is sent. */
  readonly readTimeoutMs: number
  /** After so long `slow` is called, once; absent: never. */
  readonly slowAfterMs?: number | undefined
  readonly slow: () => void
  /** Called once with what came of it. */
  readonly done: (result: UpstreamResult) => void
}

interface Pending {
  readonly asked: StreamQuery
  readonly framed: Uint8Array
  readonly startedAtMs: number
  readonly reused: boolean
  /** Set when it is sent. */
  deadlineMs: number
  /** When to call `slow`; infinite once that is done. */
  slowAtMs: number
}

/** Stands for an end that we wanted. */
const SHUT_DOWN = Symbol('shut down')

export class StreamConnection {
  /** Queries sent so far. */
  uses = 0
  readonly openedAtMs: number = performance.now()
  /** When something was last heard from the upstream; while it does not stand, when it was opened. */
  heardAtMs: number = this.openedAtMs
  idleSinceMs = 0
  /** When it ended; infinite while it has not. */
  endedAtMs: number = Infinity
  #state: 'closed' | 'connecting' | 'open' = 'connecting'
  readonly #options: StreamConnectionOptions
  readonly #socket: Socket
  readonly #pending = new ChurningMap<number, Pending>()
  readonly #isUsed = (id: number): boolean => this.#pending.has(id)
  readonly #dialTimer: NodeJS.Timeout
  /** One for all queries, set for the first that something is to be done about. */
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = 0
  /** Queries of this turn. */
  #unsent: Uint8Array[] = []
  readonly #flush = (): void => this.#writeUnsent()
  #local: Endpoint | undefined

  constructor(options: StreamConnectionOptions) {
    this.#options = options
    this.#socket = openSocket(options)
    const splitter = createFrameSplitter((octets) => this.#receive(octets))
    this.#dialTimer = setTimeout(() => this.#fail(timeoutError(this.#place('dial'))), options.dialTimeoutMs)
    this.#socket.setNoDelay(true)
    // Timers of waiting queries keep the process alive, idle connections do not.
    this.#socket.unref()
    this.#socket.on(options.tls === undefined ? 'connect' : 'secureConnect', () => this.#opened())
    this.#socket.on('data', (chunk: Buffer) => {
      this.heardAtMs = performance.now()
      splitter.push(chunk)
    })
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('end', () => this.#fail(undefined))
    this.#socket.on('close', () => this.#fail(undefined))
    if (options.tls !== undefined) this.#socket.on('session', (session: Buffer) => options.tls?.keepSession(session))
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** Queries that wait. */
  get load(): number {
    return this.#pending.size
  }

  get protocol(): 'tcp' | 'tcp-tls' {
    return this.#options.tls === undefined ? 'tcp' : 'tcp-tls'
  }

  /** When the query that waits for longest was given to it; infinite when none waits. */
  get waitsSinceMs(): number {
    return this.#pending.first()?.startedAtMs ?? Infinity
  }

  /** Sends a query, once the connection stands; those of one turn with one write. */
  ask(asked: StreamQuery): void {
    const reused = this.uses > 0
    this.uses += 1
    const { protocol } = this
    if (this.#state === 'closed') {
      asked.done({ kind: 'failed', error: closedError(this.#place('write')), protocol, reused })
      return
    }
    const { id, octets } = encodeQuery(asked.query, this.#isUsed)
    const startedAtMs = performance.now()
    const framed = frameMessage(octets)
    const pending: Pending = { asked, framed, startedAtMs, reused, deadlineMs: Infinity, slowAtMs: Infinity }
    this.#pending.set(id, pending)
    if (this.#state === 'open') this.#send(pending, startedAtMs)
  }

  close(): void {
    this.#fail(SHUT_DOWN)
  }

  /** Ends the connection as if the upstream had: its queries find another one. */
  abandon(): void {
    this.#fail(undefined)
  }

  #opened(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'open'
    clearTimeout(this.#dialTimer)
    const { localAddress, localPort } = this.#socket
    if (localAddress !== undefined && localPort !== undefined) this.#local = { address: localAddress, port: localPort }
    this.heardAtMs = performance.now()
    this.#options.connected?.(this.heardAtMs - this.openedAtMs)
    for (const [, pending] of this.#pending.entries()) this.#send(pending, this.heardAtMs)
  }

  #send(pending: Pending, nowMs: number): void {
    const { readTimeoutMs, slowAfterMs } = pending.asked
    pending.deadlineMs = nowMs + readTimeoutMs
    if (slowAfterMs !== undefined) pending.slowAtMs = nowMs + slowAfterMs
    const nextMs = Math.min(pending.deadlineMs, pending.slowAtMs)
    if (this.#timer === undefined || nextMs < this.#timerAtMs) this.#setTimer(nextMs, nowMs)
    else if (this.#pending.size === 1) this.#timer.ref()
    this.#unsent.push(pending.framed)
    if (this.#unsent.length === 1) queueMicrotask(this.#flush)
  }

  #writeUnsent(): void {
    const unsent = this.#unsent
    this.#unsent = []
    const [only] = unsent
    if (only === undefined || this.#state === 'closed') return
    this.#socket.write(unsent.length === 1 ? only : Buffer.concat(unsent))
  }

  #receive(octets: Uint8Array): void {
    const id = idOf(octets)
    const pending = id === undefined ? undefined : this.#pending.get(id)
    if (id === undefined || pending === undefined) return
    const verdict = judgeResponse(octets, pending.asked.query)
    const { protocol } = this
    const { reused } = pending
    const rttMs = performance.now() - pending.startedAtMs
    switch (verdict.kind) {
      case 'match':
        this.#settle(id, pending, {
          kind: 'response',
          message: verdict.message,
          image: verdict.image,
          protocol,
          rttMs,
          reused,
        })
        return
      // Nobody can put messages into the stream (or could do as he likes): what comes under the id is the upstream's answer.
      case 'other-question':
        this.#settle(id, pending, { kind: 'other-question', protocol, reused })
        return
      case 'malformed': {
        const error = malformedError(this.#place('read'), verdict.error)
        this.#settle(id, pending, { kind: 'failed', error, protocol, reused })
        return
      }
      case 'stray':
    }
  }

  #setTimer(atMs: number, nowMs: number): void {
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, atMs - nowMs))
  }

  /** Most queries are answered before the timer ends that was set for them. */
  #tick(): void {
    this.#timer = undefined
    // Timers may be early by a part of a millisecond.
    const now = performance.now() + 1
    let isStuck = false
    let nextMs = Infinity
    for (const [id, pending] of this.#pending.entries()) {
      if (pending.deadlineMs <= now) {
        const error = timeoutError(this.#place('read'))
        this.#settle(id, pending, { kind: 'failed', error, protocol: this.protocol, reused: pending.reused })
        isStuck = true
        continue
      }
      if (pending.slowAtMs <= now) {
        pending.slowAtMs = Infinity
        pending.asked.slow()
      }
      nextMs = Math.min(nextMs, pending.deadlineMs, pending.slowAtMs)
    }
    // The upstream may be stuck, the connection dead without a sign: the others find another one.
    if (isStuck) this.#fail(undefined)
    else if (nextMs < Infinity && this.#timer === undefined) this.#setTimer(nextMs, now)
  }

  #settle(id: number, pending: Pending, result: UpstreamResult): void {
    this.#pending.delete(id)
    if (this.#pending.size === 0) this.#timer?.unref()
    this.#options.released(this)
    pending.asked.done(result)
  }

  /** Ends the connection and every query on it; without a cause the upstream closed it. */
  #fail(cause: unknown): void {
    if (this.#state === 'closed') return
    const during = this.#state === 'connecting' ? 'dial' : 'read'
    this.#state = 'closed'
    this.endedAtMs = performance.now()
    clearTimeout(this.#dialTimer)
    clearTimeout(this.#timer)
    this.#socket.destroy()
    this.#options.released(this)
    // Most connections end unused: an error is only made for somebody.
    if (this.#pending.size > 0) this.#failAll(toUpstreamError(this.#place(during), cause))
  }

  #failAll(error: UpstreamError): void {
    const { protocol } = this
    for (const [id, pending] of this.#pending.entries()) {
      this.#settle(id, pending, { kind: 'failed', error, protocol, reused: pending.reused })
    }
  }

  #place(during: FailurePlace['during']): FailurePlace {
    return { during, network: 'tcp', local: this.#local, to: this.#options.to }
  }
}

function toUpstreamError(place: FailurePlace, cause: unknown): UpstreamError {
  if (cause === SHUT_DOWN) return shutDownError()
  if (cause instanceof UpstreamError) return cause
  return cause === undefined ? closedError(place) : socketError(place, cause)
}

function openSocket({ connectTo, sourceAddress, tls }: StreamConnectionOptions): Socket {
  const target = { host: connectTo.address, port: connectTo.port, localAddress: sourceAddress }
  if (tls === undefined) return connectTcp(target)
  return connectTls({
    ...target,
    secureContext: tls.context,
    servername: tls.serverName ?? '',
    session: tls.session(),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['dot'],
  })
}
