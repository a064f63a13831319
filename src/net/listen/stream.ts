// TCP and TLS listeners (RFC 7766, RFC 7858): accepts connections, bounds their number, ends the ones that wait too long.
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import type { Clock, Timer } from '../../base/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import { listen } from './listen.ts'
import type { ListenOptions, TcpSocket } from './listen.ts'
import type { Listener, Responder } from './responder.ts'
import { applyTls, tlsOptions } from './tls.ts'
import type { ListenTls } from './tls.ts'
import { StreamConnection } from './stream-connection.ts'
import type { StreamLimits } from './stream-connection.ts'

/** What a stream listener is opened with; all but the endpoint can change while it is open. */
export interface StreamOptions extends ListenOptions {
  readonly clock: Clock
  readonly limits: StreamLimits
  /** Connections at one time; see {@link ConnectionTable}. */
  readonly maxConnections: number
  /** TLS if given. */
  readonly tls?: ListenTls | undefined
}

/** A listener whose limits and certificate can be exchanged without closing it. */
export interface StreamListener extends Listener, TcpSocket {
  update(options: Pick<StreamOptions, 'limits' | 'tls'>): void
}

/** How often waits are looked at; timeouts are longer by up to this. */
const SWEEP_INTERVAL_MS = 250

/** Connections beyond the table's that may be on their way in or out. */
const MAX_HANDSHAKES = 1024

/**
 * Opens a TCP or TLS listener.
 *
 * @throws {ListenError}
 */
export async function openStreamListener(
  endpoint: Endpoint,
  responder: Responder,
  options: StreamOptions,
): Promise<StreamListener> {
  const { clock } = options
  const state = { responder, limits: options.limits, closing: false }
  const table = new ConnectionTable(options.maxConnections)
  const transport = options.tls === undefined ? 'tcp' : 'tls'

  function accept(socket: Socket): void {
    const { remoteAddress, remotePort, localAddress, localPort } = socket
    // Gone already, before anybody looked.
    if (remoteAddress === undefined || localAddress === undefined || state.closing) {
      socket.destroy()
      return
    }
    const client = { address: unmapped(remoteAddress), port: remotePort ?? 0 }
    const local = { address: unmapped(localAddress), port: localPort ?? 0 }
    const connection = new StreamConnection(
      socket,
      { client, local, transport },
      {
        responder: () => state.responder,
        limits: () => state.limits,
        now: clock.monotonic,
        active: (active) => table.touch(active),
        closed: (closed) => table.remove(closed),
      },
    )
    table.add(connection)
  }

  const { tls: secured } = options
  const tls = secured === undefined ? undefined : createTlsServer(handshake(secured, options.limits))
  const rawSockets = new Set<Socket>()
  if (secured !== undefined && tls !== undefined) {
    applyTls(tls, secured, accept)
    tls.on('connection', (socket: Socket) => {
      rawSockets.add(socket)
      socket.on('close', () => rawSockets.delete(socket))
    })
  }
  // A client may close its side after its last query and still wait for the answer.
  const server = tls ?? createServer({ allowHalfOpen: true }, accept)
  // Those still shaking hands are in no table.
  server.maxConnections = options.maxConnections + MAX_HANDSHAKES
  const { local, duplicate, handOver } = await listen(server, endpoint, options)
  let sweptAt = clock.monotonic()
  let wasLate = false
  const sweeper = repeat(clock, SWEEP_INTERVAL_MS, () => {
    const now = clock.monotonic()
    // Timers come before sockets: what came while this thread stood still is read before anybody is given up.
    wasLate = !wasLate && now - sweptAt > 2 * SWEEP_INTERVAL_MS
    sweptAt = now
    if (!wasLate) table.sweep(now)
  })

  return {
    local,
    duplicate,
    setResponder: (next) => {
      state.responder = next
    },
    update(next) {
      state.limits = next.limits
      if (next.tls !== undefined) tls?.setSecureContext(tlsOptions(next.tls))
    },
    async close(graceMs) {
      if (graceMs > 0) await handOver()
      state.closing = true
      const stopped = once(server, 'close')
      server.close()
      await table.close(clock, graceMs)
      sweeper.clear()
      // Whoever asked has been answered; the rest has not come that far.
      for (const socket of rawSockets) socket.destroy()
      await stopped
    },
  }
}

/** The IPv4 text of an IPv4 address that a dual-stack socket shows as `::ffff:10.0.0.1`. */
export function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

function handshake(tls: ListenTls, limits: StreamLimits): TlsOptions {
  return { ...tlsOptions(tls), ALPNProtocols: ['dot'], allowHalfOpen: true, handshakeTimeout: limits.readTimeoutMs }
}

/**
 * The open connections, by client address, each client's longest unused first.
 *
 * When there are too many, the client that holds most loses the one it has not used longest: a crowd of idle
 * connections costs its owner connections, not the others theirs.
 */
class ConnectionTable {
  readonly #max: number
  readonly #byClient = new Map<string, Set<StreamConnection>>()
  #count = 0
  #empty: (() => void) | undefined

  constructor(max: number) {
    this.#max = max
  }

  add(connection: StreamConnection): void {
    const { address } = connection.peer.client
    const own = this.#byClient.get(address)
    if (own === undefined) this.#byClient.set(address, new Set([connection]))
    else own.add(connection)
    this.#count += 1
    if (this.#count > this.#max) this.#evict()
  }

  touch(connection: StreamConnection): void {
    const own = this.#byClient.get(connection.peer.client.address)
    if (own === undefined || own.size === 1 || !own.delete(connection)) return
    own.add(connection)
  }

  remove(connection: StreamConnection): void {
    const { address } = connection.peer.client
    const own = this.#byClient.get(address)
    if (own === undefined || !own.delete(connection)) return
    if (own.size === 0) this.#byClient.delete(address)
    this.#count -= 1
    if (this.#count === 0) this.#empty?.()
  }

  sweep(now: number): void {
    for (const own of this.#byClient.values()) for (const connection of own) connection.sweep(now)
  }

  async close(clock: Clock, graceMs: number): Promise<void> {
    if (this.#count === 0) return
    const emptied = new Promise<void>((resolve) => {
      this.#empty = resolve
    })
    for (const own of this.#byClient.values()) for (const connection of own) connection.finish()
    const timer = clock.setTimeout(() => {
      for (const own of this.#byClient.values()) for (const connection of own) connection.destroy()
    }, graceMs)
    await emptied
    timer.clear()
  }

  #evict(): void {
    let heaviest: Set<StreamConnection> | undefined
    for (const own of this.#byClient.values()) if (heaviest === undefined || own.size > heaviest.size) heaviest = own
    if (heaviest === undefined) return
    let victim: StreamConnection | undefined
    for (const connection of heaviest) {
      victim ??= connection
      if (connection.inFlight === 0) {
        victim = connection
        break
      }
    }
    // Taken out at once: its 'close' event comes later, and until then more could be accepted.
    if (victim === undefined) return
    this.remove(victim)
    victim.destroy()
  }
}

function repeat(clock: Clock, everyMs: number, work: () => void): Timer {
  let timer = clock.setTimeout(again, everyMs)
  timer.unref()
  function again(): void {
    work()
    timer = clock.setTimeout(again, everyMs)
    timer.unref()
  }
  return { clear: () => timer.clear(), unref: () => {} }
}
