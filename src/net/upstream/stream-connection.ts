// One TCP or TLS connection to an upstream and the queries that wait on it, matched by id in whatever order answers come.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
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

interface Pending {
  readonly query: Message
  readonly framed: Uint8Array
  readonly startedAtMs: number
  readonly readTimeoutMs: number
  readonly reused: boolean
  readonly resolve: (result: UpstreamResult) => void
  timer: NodeJS.Timeout | undefined
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
  #state: 'closed' | 'connecting' | 'open' = 'connecting'
  readonly #options: StreamConnectionOptions
  readonly #socket: Socket
  readonly #pending = new Map<number, Pending>()
  readonly #dialTimer: NodeJS.Timeout
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

  /** Sends a query, once the connection stands, and waits for its response. */
  exchange(query: Message, readTimeoutMs: number): Promise<UpstreamResult> {
    const reused = this.uses > 0
    this.uses += 1
    const { protocol } = this
    if (this.#state === 'closed') {
      return Promise.resolve({ kind: 'failed', error: closedError(this.#place('write')), protocol, reused })
    }
    const { id, octets } = encodeQuery(query, (candidate) => this.#pending.has(candidate))
    return new Promise((resolve) => {
      const pending: Pending = {
        query,
        framed: frameMessage(octets),
        startedAtMs: performance.now(),
        readTimeoutMs,
        reused,
        resolve,
        timer: undefined,
      }
      this.#pending.set(id, pending)
      if (this.#state === 'open') this.#send(id, pending)
    })
  }

  close(): void {
    this.#fail(SHUT_DOWN)
  }

  #opened(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'open'
    clearTimeout(this.#dialTimer)
    const { localAddress, localPort } = this.#socket
    if (localAddress !== undefined && localPort !== undefined) this.#local = { address: localAddress, port: localPort }
    this.heardAtMs = performance.now()
    this.#options.connected?.(this.heardAtMs - this.openedAtMs)
    for (const [id, pending] of this.#pending) this.#send(id, pending)
  }

  #send(id: number, pending: Pending): void {
    pending.timer = setTimeout(() => this.#expire(id), pending.readTimeoutMs)
    this.#socket.write(pending.framed)
  }

  #receive(octets: Uint8Array): void {
    const id = idOf(octets)
    const pending = id === undefined ? undefined : this.#pending.get(id)
    if (id === undefined || pending === undefined) return
    const verdict = judgeResponse(octets, pending.query)
    const { protocol } = this
    const { reused } = pending
    const rttMs = performance.now() - pending.startedAtMs
    switch (verdict.kind) {
      case 'match':
        this.#settle(id, pending, { kind: 'response', message: verdict.message, protocol, rttMs, reused })
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

  #expire(id: number): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    const { protocol } = this
    const { reused } = pending
    const error = timeoutError(this.#place('read'))
    this.#settle(id, pending, { kind: 'failed', error, protocol, reused })
    // The upstream may be stuck, the connection dead without a sign: the others find another one.
    this.#fail(undefined)
  }

  #settle(id: number, pending: Pending, result: UpstreamResult): void {
    this.#pending.delete(id)
    clearTimeout(pending.timer)
    pending.resolve(result)
    this.#options.released(this)
  }

  /** Ends the connection and every query on it; without a cause the upstream closed it. */
  #fail(cause: unknown): void {
    if (this.#state === 'closed') return
    const during = this.#state === 'connecting' ? 'dial' : 'read'
    this.#state = 'closed'
    clearTimeout(this.#dialTimer)
    this.#socket.destroy()
    // Most connections end unused: an error, which notes its stack, is only made for somebody.
    if (this.#pending.size > 0) this.#failAll(toUpstreamError(this.#place(during), cause))
    this.#options.released(this)
  }

  #failAll(error: UpstreamError): void {
    const { protocol } = this
    for (const [id, pending] of this.#pending) {
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
