// Queries over UDP: each with a fresh id, from a port that the kernel drew at random and that changes all the time
// (RFC 5452 §9.2). The queries of one turn leave through one port, so that one system call sends them; whoever learns a port
// finds it closed, or no longer asked from, a fraction of a second later.
import { Later } from '../../base/index.ts'
import type { Message } from '../../dns/index.ts'
import type { UpstreamClient, UpstreamExchangeOptions, UpstreamResult, UpstreamSettings } from './client.ts'
import type { UdpPath } from './open-udp-port.ts'
import { UdpSocket } from './udp-socket.ts'
import { UpstreamError, timeoutError } from './upstream-error.ts'

/** Queries that a port carries in its life, unless there are too many ports. */
const MAX_USES = 64
/** A port carries no further query after so long. */
const MAX_AGE_MS = 100
/** Sockets at a time; beyond that queries share them, told apart by id. */
const MAX_SOCKETS = 256

export class UdpClient implements UpstreamClient {
  readonly #settings: UpstreamSettings
  readonly #path: UdpPath | undefined
  readonly #sockets = new Set<UdpSocket>()
  readonly #released = (socket: UdpSocket): void => this.#release(socket)
  /** The one that the next query leaves through. */
  #current: UdpSocket | undefined
  #sweep: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(settings: UpstreamSettings, path?: UdpPath) {
    this.#settings = settings
    this.#path = path
  }

  exchange(query: Message, options: UpstreamExchangeOptions): Later<UpstreamResult> {
    const later = new Later<UpstreamResult>()
    const timeoutMs = Math.min(options.readTimeoutMs, options.timeoutMs)
    if (this.#isClosed || timeoutMs <= 0) {
      const error = this.#isClosed
        ? new UpstreamError('shut-down', 'upstream is closed')
        : timeoutError({ during: 'dial', network: 'udp', to: this.#settings.to })
      later.settle({ kind: 'failed', error, protocol: 'udp', reused: false })
    } else {
      this.#take().exchange(query, timeoutMs, later)
    }
    return later
  }

  close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#sweep)
    for (const socket of this.#sockets) socket.close()
    this.#sockets.clear()
    this.#current = undefined
    return Promise.resolve()
  }

  #take(): UdpSocket {
    const current = this.#current
    if (current !== undefined && this.#isFresh(current)) return current
    this.#retire()
    const shared = this.#sockets.size >= MAX_SOCKETS ? this.#leastLoaded() : undefined
    if (shared !== undefined) return shared
    const { to, connectTo, sourceAddress } = this.#settings
    const socket = new UdpSocket({ to, connectTo, sourceAddress, path: this.#path, released: this.#released })
    this.#sockets.add(socket)
    this.#current = socket
    this.#sweep ??= setTimeout(() => this.#closeIdle(), MAX_AGE_MS).unref()
    return socket
  }

  #isFresh(socket: UdpSocket): boolean {
    return !socket.isClosed && socket.uses < MAX_USES && performance.now() - socket.openedAtMs < MAX_AGE_MS
  }

  /** The current port takes no further query; it closes with its last response. */
  #retire(): void {
    const current = this.#current
    this.#current = undefined
    if (current !== undefined) this.#release(current)
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
    if (socket === this.#current && !socket.isClosed) return
    if (socket.load > 0) return
    if (socket === this.#current) this.#current = undefined
    this.#sockets.delete(socket)
    socket.close()
  }

  #closeIdle(): void {
    this.#sweep = undefined
    if (this.#current !== undefined && !this.#isFresh(this.#current)) this.#retire()
    if (this.#current !== undefined) this.#sweep = setTimeout(() => this.#closeIdle(), MAX_AGE_MS).unref()
  }
}
