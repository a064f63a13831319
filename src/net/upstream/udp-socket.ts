// One connected UDP socket and the queries that wait on it. Being connected it hears its upstream only, and hears at once
// when nobody listens there (ICMP).
import { createSocket, type Socket } from 'node:dgram'
import type { Message } from '../../dns/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import type { UpstreamResult } from './client.ts'
import { encodeQuery, idOf, judgeResponse } from './query-exchange.ts'
import { shutDownError, socketError, timeoutError, type FailurePlace, type UpstreamError } from './upstream-error.ts'

interface Pending {
  readonly query: Message
  /** Until they are sent. */
  octets: Uint8Array | undefined
  readonly sentAtMs: number
  readonly timer: NodeJS.Timeout
  readonly reused: boolean
  readonly resolve: (result: UpstreamResult) => void
  sawOtherQuestion: boolean
}

export interface UdpSocketOptions {
  readonly to: Endpoint
  readonly connectTo: Endpoint
  readonly sourceAddress?: string | undefined
  /** Runs after each query; the socket may be closed by then. */
  readonly released: (socket: UdpSocket) => void
}

/** Stands for an end that we wanted. */
const SHUT_DOWN = Symbol('shut down')

export class UdpSocket {
  /** Queries sent so far. */
  uses = 0
  idleSinceMs = 0
  #state: 'closed' | 'connecting' | 'open' = 'connecting'
  readonly #socket: Socket
  readonly #options: UdpSocketOptions
  readonly #pending = new Map<number, Pending>()
  /** Asked for while the socket is in use: the address in messages must be the one that was bound. */
  #local: Endpoint | undefined

  constructor(options: UdpSocketOptions) {
    this.#options = options
    const { connectTo, sourceAddress } = options
    const socket = createSocket(connectTo.address.includes(':') ? 'udp6' : 'udp4')
    this.#socket = socket
    socket.on('message', (octets) => this.#receive(octets))
    socket.on('error', (error) => this.#fail(error))
    socket.on('connect', () => this.#opened())
    // Timers of waiting queries keep the process alive, idle sockets do not.
    socket.unref()
    try {
      if (sourceAddress === undefined) socket.connect(connectTo.port, connectTo.address)
      else
        socket.bind({ address: sourceAddress, exclusive: true }, () =>
          socket.connect(connectTo.port, connectTo.address),
        )
    } catch (error) {
      queueMicrotask(() => this.#fail(error))
    }
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** Queries that wait. */
  get load(): number {
    return this.#pending.size
  }

  /** Sends a query and waits for its response. */
  exchange(query: Message, timeoutMs: number): Promise<UpstreamResult> {
    const reused = this.uses > 0
    this.uses += 1
    const { id, octets } = encodeQuery(query, (candidate) => this.#pending.has(candidate))
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#expire(id), timeoutMs)
      this.#pending.set(id, {
        query,
        octets: this.#state === 'connecting' ? octets : undefined,
        sentAtMs: performance.now(),
        timer,
        reused,
        resolve,
        sawOtherQuestion: false,
      })
      if (this.#state === 'open') this.#send(octets)
      // A socket that failed before this query reached it tells so when it is next looked at.
      else if (this.#state === 'closed') this.#fail(SHUT_DOWN)
    })
  }

  close(): void {
    this.#fail(SHUT_DOWN)
  }

  #opened(): void {
    if (this.#state !== 'connecting') return
    this.#state = 'open'
    const { address, port } = this.#socket.address()
    this.#local = { address, port }
    for (const pending of this.#pending.values()) {
      if (pending.octets !== undefined) this.#send(pending.octets)
      pending.octets = undefined
    }
  }

  #send(octets: Uint8Array): void {
    this.#socket.send(octets, (error) => {
      if (error !== null) this.#fail(error, 'write')
    })
  }

  #receive(octets: Uint8Array): void {
    const id = idOf(octets)
    const pending = id === undefined ? undefined : this.#pending.get(id)
    if (id === undefined || pending === undefined) return
    const verdict = judgeResponse(octets, pending.query)
    // Anything but the response is passed over: a forged datagram must not end the wait (CVE-2023-28452).
    if (verdict.kind === 'other-question') pending.sawOtherQuestion = true
    if (verdict.kind !== 'match') return
    const rttMs = performance.now() - pending.sentAtMs
    const { reused } = pending
    this.#settle(id, pending, { kind: 'response', message: verdict.message, protocol: 'udp', rttMs, reused })
  }

  #expire(id: number): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return
    const { reused } = pending
    // A late response on this port would find another query waiting; the port is not used again.
    this.uses = Infinity
    if (pending.sawOtherQuestion) this.#settle(id, pending, { kind: 'other-question', protocol: 'udp', reused })
    else
      this.#settle(id, pending, { kind: 'failed', error: timeoutError(this.#place('read')), protocol: 'udp', reused })
  }

  #settle(id: number, pending: Pending, result: UpstreamResult): void {
    this.#pending.delete(id)
    clearTimeout(pending.timer)
    pending.resolve(result)
    this.#options.released(this)
  }

  /** Ends the socket and every query on it, and says so to the pool even when none waited. */
  #fail(cause: unknown, during?: 'write'): void {
    const before = this.#state
    this.#state = 'closed'
    if (before !== 'closed') this.#socket.close()
    // Most sockets end unused: an error, which notes its stack, is only made for somebody.
    if (this.#pending.size > 0) {
      const place = this.#place(during ?? (before === 'connecting' ? 'dial' : 'read'))
      this.#failAll(cause === SHUT_DOWN ? shutDownError() : socketError(place, cause))
    }
    if (before !== 'closed') this.#options.released(this)
  }

  #failAll(error: UpstreamError): void {
    for (const [id, pending] of this.#pending) {
      this.#settle(id, pending, { kind: 'failed', error, protocol: 'udp', reused: pending.reused })
    }
  }

  #place(during: FailurePlace['during']): FailurePlace {
    return { during, network: 'udp', local: this.#local, to: this.#options.to }
  }
}
