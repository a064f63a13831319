// Queries over UDP: each with a fresh id, from one of several ports that nobody but the upstream has seen and that change
// after a few uses (RFC 5452 §9.2). A socket costs ten times what a query does; one for each query would double the work.
import { randomBelow } from '../../base/index.ts'
import type { Message } from '../../dns/index.ts'
import type { UpstreamClient, UpstreamExchangeOptions, UpstreamResult, UpstreamSettings } from './client.ts'
import { UdpSocket } from './udp-socket.ts'
import { UpstreamError, timeoutError } from './upstream-error.ts'

/** A query opens a port of its own unless so many idle ones are there to choose from. */
const SPREAD = 8
/** Queries that a port carries in its life. */
const MAX_USES = 16
/** Sockets at a time; beyond that queries share them, told apart by id. */
const MAX_SOCKETS = 256

export class UdpClient implements UpstreamClient {
  readonly #settings: UpstreamSettings
  readonly #sockets = new Set<UdpSocket>()
  #idle: UdpSocket[] = []
  #sweep: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(settings: UpstreamSettings) {
    this.#settings = settings
  }

  exchange(query: Message, options: UpstreamExchangeOptions): Promise<UpstreamResult> {
    const timeoutMs = Math.min(options.readTimeoutMs, options.timeoutMs)
    if (this.#isClosed || timeoutMs <= 0) {
      const error = this.#isClosed
        ? new UpstreamError('shut-down', 'upstream is closed')
        : timeoutError({ during: 'dial', network: 'udp', to: this.#settings.to })
      return Promise.resolve({ kind: 'failed', error, protocol: 'udp', reused: false })
    }
    return this.#take().exchange(query, timeoutMs)
  }

  close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweep)
    for (const socket of this.#sockets) socket.close()
    this.#sockets.clear()
    this.#idle = []
    return Promise.resolve()
  }

  #take(): UdpSocket {
    if (this.#idle.length >= SPREAD || (this.#idle.length > 0 && this.#sockets.size >= MAX_SOCKETS)) {
      const index = randomBelow(this.#idle.length)
      const [socket] = this.#idle.splice(index, 1)
      if (socket !== undefined) return socket
    }
    if (this.#sockets.size >= MAX_SOCKETS) return this.#leastLoaded() ?? this.#open()
    return this.#open()
  }

  #open(): UdpSocket {
    const { to, connectTo, sourceAddress } = this.#settings
    const socket = new UdpSocket({ to, connectTo, sourceAddress, released: (released) => this.#release(released) })
    this.#sockets.add(socket)
    this.#sweep ??= setInterval(() => this.#closeExpired(), Math.max(1000, this.#settings.expireMs / 2)).unref()
    return socket
  }

  /** Of those that may still be used, if there are any: with a silent upstream all are soon used up. */
  #leastLoaded(): UdpSocket | undefined {
    let least: UdpSocket | undefined
    for (const socket of this.#sockets) {
      if (socket.isClosed) continue
      const isFresher = least !== undefined && least.uses === Infinity && socket.uses < Infinity
      const isEqual = least === undefined || (socket.uses === Infinity) === (least.uses === Infinity)
      if (isFresher || (isEqual && (least === undefined || socket.load < least.load))) least = socket
    }
    return least
  }

  #release(socket: UdpSocket): void {
    if (socket.load > 0) return
    const { maxIdle } = this.#settings
    if (socket.isClosed || socket.uses >= MAX_USES || (maxIdle > 0 && this.#idle.length >= maxIdle)) {
      this.#sockets.delete(socket)
      this.#idle = this.#idle.filter((idle) => idle !== socket)
      socket.close()
      return
    }
    if (this.#isClosed || !this.#sockets.has(socket)) return
    socket.idleSinceMs = performance.now()
    this.#idle.push(socket)
  }

  #closeExpired(): void {
    const before = performance.now() - this.#settings.expireMs
    for (const socket of this.#idle.filter((idle) => idle.isClosed || idle.idleSinceMs <= before)) {
      this.#sockets.delete(socket)
      socket.close()
    }
    this.#idle = this.#idle.filter((idle) => this.#sockets.has(idle))
    if (this.#sockets.size > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
  }
}
