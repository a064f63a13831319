// The open sockets of a server. They belong to no configuration: a reload hands the same ones to the new one, so that no
// query and no port is lost; what the new one does not want is closed afterwards.
import type { Clock } from '../base/index.ts'
import type { Endpoint } from '../net/exchange-result.ts'
import { ListenError, openDatagramListener, openHttpsListener, openStreamListener } from '../net/listen/index.ts'
import type { ListenOptions, ListenTls, Listener, Responder, StreamLimits, TcpSocket } from '../net/listen/index.ts'
import type { BoundListener, ListenTransport, Network } from './plugin.ts'
import { SpreadListener } from './workers/index.ts'
import type { ThreadPool } from './workers/index.ts'

/** One listener that a configuration wants. */
export interface WantedListener {
  readonly transport: ListenTransport
  /** IP address, `::` for the wildcard. */
  readonly wanted: Endpoint
  /** Whose it is, for errors: `The server block at Corefile:1`. */
  readonly wantedBy: string
  readonly responder: Responder
  readonly limits: StreamLimits
  readonly maxHttpsConnections: number
  /** Threads that answer over UDP. */
  readonly threads: number
  readonly tls?: ListenTls | undefined
  readonly onHttpsStatus: (status: number) => void
  /** A UDP response was not taken by the system, with the error's name. */
  readonly onDropped: (code: string) => void
}

/** What a configuration got; nothing of the old one changes before `commit`. */
export interface PreparedListeners {
  /** Gives all listeners to the new configuration. */
  commit(): readonly BoundListener[]
  /** Closes what was opened for it. */
  rollBack(): Promise<void>
}

/** The sockets, and how they change hands. */
export interface ListenerSet {
  /** Opens what is wanted and not open yet. @throws {ListenError} after closing again what it opened */
  prepare(wanted: readonly WantedListener[]): Promise<PreparedListeners>
  /** Closes what the last commit left without use. */
  prune(graceMs: number): Promise<void>
  closeAll(graceMs: number): Promise<void>
}

interface OpenListener {
  readonly bound: BoundListener
  readonly sockets: readonly Listener[]
  readonly tcp: TcpSocket
  readonly update: (wanted: WantedListener) => void
}

/** TCP and TLS connections of one listener. */
const MAX_CONNECTIONS = 16_384

/** UDP and TCP want the same port when the system chooses it: so many tries. */
const PORT_TRIES = 16

/** @param pool the threads that may answer beside this one, if there may be any */
export function createListenerSet(clock: Clock, network: Network, pool?: ThreadPool): ListenerSet {
  const open = new Map<string, OpenListener>()
  let unused: OpenListener[] = []

  async function openOne(wanted: WantedListener, before: OpenListener | undefined): Promise<OpenListener> {
    const endpoint = before?.bound.actual ?? network.listenAt(wanted.wanted)
    const how: How = { clock, pool, reusePort: network.reusePort === true, descriptor: before?.tcp.duplicate() }
    const opened = await openSockets(wanted, endpoint, how).catch((error: unknown) => {
      throw error instanceof ListenError ? error.for(wanted.wantedBy) : error
    })
    const actual = opened.sockets[0]?.local ?? endpoint
    network.bound?.(wanted.wanted, actual)
    return { bound: { transport: wanted.transport, wanted: wanted.wanted, actual }, ...opened }
  }

  /** What has the address now and will not keep it: a port may change from clear text to TLS, or to another transport. */
  function findPredecessor(one: WantedListener, wantedKeys: ReadonlySet<string>): OpenListener | undefined {
    const { address, port } = one.wanted
    for (const [key, listener] of open) {
      const { wanted } = listener.bound
      if (wanted.address === address && wanted.port === port && !wantedKeys.has(key)) return listener
    }
    return undefined
  }

  return {
    async prepare(wanted) {
      const added = new Map<string, OpenListener>()
      const keys = new Set(wanted.map(keyOf))
      const rollBack = async (): Promise<void> => {
        await Promise.all([...added.values()].map((listener) => closeListener(listener, 0)))
      }
      try {
        for (const one of wanted) {
          const key = keyOf(one)
          if (!open.has(key) && !added.has(key)) added.set(key, await openOne(one, findPredecessor(one, keys)))
        }
      } catch (error) {
        await rollBack()
        throw error
      }
      return {
        rollBack,
        commit() {
          const keep = new Map<string, OpenListener>()
          for (const one of wanted) {
            const key = keyOf(one)
            const listener = open.get(key) ?? added.get(key)
            if (listener === undefined) continue
            for (const socket of listener.sockets) socket.setResponder(one.responder)
            listener.update(one)
            keep.set(key, listener)
          }
          unused.push(...[...open].filter(([key]) => !keep.has(key)).map(([, listener]) => listener))
          open.clear()
          for (const [key, listener] of keep) open.set(key, listener)
          return [...open.values()].map(({ bound }) => bound)
        },
      }
    },
    async prune(graceMs) {
      const closing = unused
      unused = []
      await Promise.all(closing.map((listener) => closeListener(listener, graceMs)))
    },
    async closeAll(graceMs) {
      const closing = [...open.values(), ...unused]
      open.clear()
      unused = []
      await Promise.all(closing.map((listener) => closeListener(listener, graceMs)))
    },
  }
}

/** What makes it another listener; certificates and limits can be exchanged in place. */
function keyOf({ transport, wanted, tls }: WantedListener): string {
  const secured = tls === undefined ? '' : `+tls/${tls.clientAuth}/${tls.keylog ?? ''}`
  return `${transport}://${wanted.address}:${wanted.port}${secured}`
}

async function closeListener({ sockets }: OpenListener, graceMs: number): Promise<void> {
  await Promise.all(sockets.map((socket) => socket.close(graceMs)))
}

type Sockets = Pick<OpenListener, 'sockets' | 'tcp' | 'update'>

interface How extends ListenOptions {
  readonly clock: Clock
  readonly pool: ThreadPool | undefined
}

async function openSockets(wanted: WantedListener, endpoint: Endpoint, how: How): Promise<Sockets> {
  const { transport, responder, limits, tls } = wanted
  switch (transport) {
    case 'dns':
      return openUdpAndTcp(wanted, endpoint, how)
    case 'tls': {
      const options = { ...how, limits, tls, maxConnections: MAX_CONNECTIONS }
      const listener = await openStreamListener(endpoint, responder, options)
      return { sockets: [listener], tcp: listener, update: (next) => listener.update(next) }
    }
    case 'https': {
      const listener = await openHttpsListener(endpoint, responder, {
        ...how,
        maxConnections: wanted.maxHttpsConnections,
        idleTimeoutMs: limits.idleTimeoutMs,
        readTimeoutMs: limits.readTimeoutMs,
        tls,
        onStatus: wanted.onHttpsStatus,
      })
      return {
        sockets: [listener],
        tcp: listener,
        update: (next) => listener.update({ tls: next.tls, onStatus: next.onHttpsStatus }),
      }
    }
    case 'grpc':
    case 'https3':
    case 'quic':
      throw new ListenError('udp', endpoint, new Error(`${transport}:// is not served by this program`))
  }
}

async function openUdpAndTcp(wanted: WantedListener, endpoint: Endpoint, how: How): Promise<Sockets> {
  const { responder, limits } = wanted
  for (let attempt = 1; ; attempt += 1) {
    // TCP first: two servers may share a wildcard UDP port without noticing, never a TCP port.
    const tcp = await openStreamListener(endpoint, responder, { ...how, limits, maxConnections: MAX_CONNECTIONS })
    try {
      const { reusePort } = how
      const udp = await openDatagramListener({ ...endpoint, port: tcp.local.port }, responder, {
        reusePort,
        onDropped: wanted.onDropped,
      })
      const spread = how.pool && new SpreadListener(udp, how.pool, { responder, onDropped: wanted.onDropped })
      spread?.grow(wanted.threads)
      return {
        sockets: [spread ?? udp, tcp],
        tcp,
        update(next) {
          tcp.update({ limits: next.limits })
          spread?.grow(next.threads)
        },
      }
    } catch (error) {
      await tcp.close(0)
      const mayTryAgain = endpoint.port === 0 && attempt < PORT_TRIES
      if (!(error instanceof ListenError) || error.code !== 'address-in-use' || !mayTryAgain) throw error
    }
  }
}
