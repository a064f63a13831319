// One local port and the queries that wait on it, told apart by id.
import type { Later } from '../../base/index.ts'
import type { Message } from '../../dns/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import type { UpstreamResult } from './client.ts'
import { encodeQuery, idOf, judgeCut, judgeResponse } from './query-exchange.ts'
import { MAX_QUERY_OCTETS, type UdpPort } from './udp-port.ts'
import { openUdpPort, type UdpPath } from './open-udp-port.ts'
import { UpstreamError, shutDownError, socketError, timeoutError, type FailurePlace } from './upstream-error.ts'

interface Pending {
  readonly query: Message
  /** As it was sent. */
  readonly octets: Uint8Array
  readonly sentAtMs: number
  readonly deadlineMs: number
  readonly reused: boolean
  readonly later: Later<UpstreamResult>
  sawOtherQuestion: boolean
}

export interface UdpSocketOptions {
  readonly to: Endpoint
  readonly connectTo: Endpoint
  readonly sourceAddress?: string | undefined
  readonly path?: UdpPath | undefined
  /** Runs after each query; the socket may be closed by then. */
  readonly released: (socket: UdpSocket) => void
}

/** Stands for an end that we wanted. */
const SHUT_DOWN = Symbol('shut down')

export class UdpSocket {
  /** Queries sent so far; infinite once the port must not be used again. */
  uses = 0
  readonly openedAtMs: number = performance.now()
  #isClosed = false
  readonly #port: UdpPort
  readonly #options: UdpSocketOptions
  readonly #pending = new Map<number, Pending>()
  readonly #isUsed = (id: number): boolean => this.#pending.has(id)
  /** One for all queries, set for the first deadline when it was set: most are answered before it ends. */
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = 0

  constructor(options: UdpSocketOptions) {
    this.#options = options
    const { connectTo, sourceAddress, path } = options
    this.#port = openUdpPort(
      {
        connectTo,
        sourceAddress,
        received: (octets, isCut) => this.#receive(octets, isCut),
        failed: (error, during) => this.#fail(error, during),
      },
      path,
    )
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Queries that wait. */
  get load(): number {
    return this.#pending.size
  }

  /** Sends a query; its response settles `later`. */
  exchange(query: Message, timeoutMs: number, later: Later<UpstreamResult>): void {
    const reused = this.uses > 0
    this.uses += 1
    const { id, octets } = encodeQuery(query, this.#isUsed)
    if (octets.length > MAX_QUERY_OCTETS) {
      const message = `query of ${octets.length} octets is over ${MAX_QUERY_OCTETS}, the most that goes over UDP`
      const error = new UpstreamError('too-large', message)
      later.settle({ kind: 'failed', error, protocol: 'udp', reused })
      return
    }
    const sentAtMs = performance.now()
    const deadlineMs = sentAtMs + timeoutMs
    this.#pending.set(id, { query, octets, sentAtMs, deadlineMs, reused, later, sawOtherQuestion: false })
    if (this.#timer === undefined || deadlineMs < this.#timerAtMs) this.#setTimer(deadlineMs, sentAtMs)
    else if (this.#pending.size === 1) this.#timer.ref()
    // A port that failed before this query reached it tells so when it is next looked at.
    if (this.#isClosed) this.#fail(SHUT_DOWN, 'write')
    else this.#port.send(octets)
  }

  close(): void {
    this.#fail(SHUT_DOWN, 'read')
  }

  #receive(octets: Uint8Array, isCut: boolean): void {
    const id = idOf(octets)
    const pending = id === undefined ? undefined : this.#pending.get(id)
    if (id === undefined || pending === undefined) return
    const { query } = pending
    const verdict = isCut ? judgeCut(octets, query) : judgeResponse(octets, query, pending.octets)
    // Anything but the response is passed over: a forged datagram must not end the wait (CVE-2023-28452).
    if (verdict.kind === 'other-question') pending.sawOtherQuestion = true
    if (verdict.kind !== 'match') return
    const rttMs = performance.now() - pending.sentAtMs
    const { message, image } = verdict
    this.#settle(id, pending, {
      kind: 'response',
      message,
      image,
      protocol: 'udp',
      rttMs,
      reused: pending.reused,
    })
  }

  #setTimer(atMs: number, nowMs: number): void {
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(() => this.#expire(), Math.max(1, atMs - nowMs))
  }

  #expire(): void {
    this.#timer = undefined
    const now = performance.now()
    let next = Infinity
    for (const [id, pending] of this.#pending) {
      // Timers may be early by a part of a millisecond.
      if (pending.deadlineMs <= now + 1) this.#giveUp(id, pending)
      else if (pending.deadlineMs < next) next = pending.deadlineMs
    }
    if (next < Infinity && this.#pending.size > 0 && this.#timer === undefined) this.#setTimer(next, now)
  }

  #giveUp(id: number, pending: Pending): void {
    const { reused } = pending
    // A late response on this port would find another query waiting; the port is not used again.
    this.uses = Infinity
    if (pending.sawOtherQuestion) this.#settle(id, pending, { kind: 'other-question', protocol: 'udp', reused })
    else
      this.#settle(id, pending, { kind: 'failed', error: timeoutError(this.#place('read')), protocol: 'udp', reused })
  }

  #settle(id: number, pending: Pending, result: UpstreamResult): void {
    this.#pending.delete(id)
    if (this.#pending.size === 0) this.#timer?.unref()
    this.#options.released(this)
    pending.later.settle(result)
  }

  /** Ends the socket and every query on it, and says so to the pool even when none waited. */
  #fail(cause: unknown, during: FailurePlace['during']): void {
    const wasClosed = this.#isClosed
    this.#isClosed = true
    // Errors are only made for somebody; the address is known before the port closes only.
    const place = this.#pending.size > 0 ? this.#place(during) : undefined
    if (!wasClosed) this.#port.close()
    clearTimeout(this.#timer)
    if (place !== undefined) this.#failAll(cause === SHUT_DOWN ? shutDownError() : socketError(place, cause))
    if (!wasClosed) this.#options.released(this)
  }

  #failAll(error: UpstreamError): void {
    for (const [id, pending] of this.#pending) {
      this.#settle(id, pending, { kind: 'failed', error, protocol: 'udp', reused: pending.reused })
    }
  }

  #place(during: FailurePlace['during']): FailurePlace {
    return { during, network: 'udp', local: this.#port.local(), to: this.#options.to }
  }
}
