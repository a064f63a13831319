// The open sockets of a server. They belong to no configuration: a reload hands the same ones to the new one, so that no
// query and no port is lost; what the new one does not want is closed afterwards.
import type { Clock } from '../base/index.ts'
import type { Endpoint } from '../net/exchange-result.ts'
import { ListenError, openDatagramListener, openHttpsListener, openStreamListener } from '../net/listen/index.ts'
import type { ListenTls, Listener, Responder, StreamLimits } from '../net/listen/index.ts'
import type { BoundListener, ListenTransport, Network } from './plugin.ts'

/** One listener that a configuration wants. */
export interface WantedListener {
  readonly transport: ListenTransport
  /** IP address, `::` for the wildcard. */
  readonly wanted: Endpoint
  readonly responder: Responder
  readonly limits: StreamLimits
  readonly maxHttpsConnections: number
  readonly tls?: ListenTls | undefined
  readonly onHttpsStatus: (status: number) => void
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
  readonly update: (wanted: WantedListener) => void
}

/** TCP and TLS connections of one listener. */
const MAX_CONNECTIONS = 16_384

/** UDP and TCP want the same port when the system chooses it: so many tries. */
const PORT_TRIES = 16

export function createListenerSet(clock: Clock, network: Network): ListenerSet {
  const open = new Map<string, OpenListener>()
  let unused: OpenListener[] = []

  async function openOne(wanted: WantedListener): Promise<OpenListener> {
    const endpoint = network.listenAt(wanted.wanted)
    const { sockets, update } = await openSockets(wanted, endpoint, clock)
    const actual = sockets[0]?.local ?? endpoint
    network.bound?.(wanted.wanted, actual)
    return { bound: { transport: wanted.transport, wanted: wanted.wanted, actual }, sockets, update }
  }

  return {
    async prepare(wanted) {
      const added = new Map<string, OpenListener>()
      const rollBack = async (): Promise<void> => {
        await Promise.all([...added.values()].map((listener) => closeListener(listener, 0)))
      }
      try {
        for (const one of wanted) {
          const key = keyOf(one)
          if (!open.has(key) && !added.has(key)) added.set(key, await openOne(one))
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

/** What makes it another socket; certificates and limits can be exchanged in place. */
function keyOf({ transport, wanted, tls }: WantedListener): string {
  return `${transport}://${wanted.address}:${wanted.port}${tls === undefined ? '' : '+tls'}`
}

async function closeListener({ sockets }: OpenListener, graceMs: number): Promise<void> {
  await Promise.all(sockets.map((socket) => socket.close(graceMs)))
}

type Sockets = Pick<OpenListener, 'sockets' | 'update'>

async function openSockets(wanted: WantedListener, endpoint: Endpoint, clock: Clock): Promise<Sockets> {
  const { transport, responder, limits, tls } = wanted
  switch (transport) {
    case 'dns':
      return openUdpAndTcp(wanted, endpoint, clock)
    case 'tls': {
      const listener = await openStreamListener(endpoint, responder, {
        clock,
        limits,
        tls,
        maxConnections: MAX_CONNECTIONS,
      })
      return { sockets: [listener], update: (next) => listener.update(next) }
    }
    case 'https': {
      const listener = await openHttpsListener(endpoint, responder, {
        maxConnections: wanted.maxHttpsConnections,
        idleTimeoutMs: limits.idleTimeoutMs,
        readTimeoutMs: limits.readTimeoutMs,
        tls,
        onStatus: wanted.onHttpsStatus,
      })
      return {
        sockets: [listener],
        update: (next) => listener.update({ tls: next.tls, onStatus: next.onHttpsStatus }),
      }
    }
    case 'grpc':
    case 'https3':
    case 'quic':
      throw new ListenError('udp', endpoint, new Error(`${transport}:// is not served by this program`))
  }
}

async function openUdpAndTcp(wanted: WantedListener, endpoint: Endpoint, clock: Clock): Promise<Sockets> {
  const { responder, limits } = wanted
  for (let attempt = 1; ; attempt += 1) {
    // TCP first: two servers may share a wildcard UDP port without noticing, never a TCP port.
    const tcp = await openStreamListener(endpoint, responder, { clock, limits, maxConnections: MAX_CONNECTIONS })
    try {
      const udp = await openDatagramListener({ ...endpoint, port: tcp.local.port }, responder)
      return { sockets: [udp, tcp], update: (next) => tcp.update({ limits: next.limits }) }
    } catch (error) {
      await tcp.close(0)
      const mayTryAgain = endpoint.port === 0 && attempt < PORT_TRIES
      if (!(error instanceof ListenError) || error.code !== 'address-in-use' || !mayTryAgain) throw error
    }
  }
}
