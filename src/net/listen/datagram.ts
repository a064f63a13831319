// UDP listeners: which sockets a listener is made of, and how datagrams get through them: in batches where system calls of
// our own are possible (datagram-batches.ts), else with Node's dgram.
import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { isEventual } from '../../base/index.ts'
import { isLibc, libc } from '../../sys/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import { BatchSocket, codeOf } from './datagram-batches.ts'
import type { BatchState } from './datagram-batches.ts'
import { ListenError } from './listen-error.ts'
import type { Listener, Responder } from './responder.ts'
import { answerAlone } from './in-place.ts'

/** A listener for datagrams. Closing it leaves no query that has come unanswered, as far as `graceMs` allows. */
export interface DatagramListener extends Listener {
  /** Responses that the system did not take: full buffers, addresses that cannot be reached. */
  readonly dropped: number
  /** What it is made of, if datagrams are moved in batches: the first one at the listener's address. */
  readonly sockets: readonly BatchSocket[]
  /** Answers from one more socket, open and bound already; it is closed by whoever asked for it. @throws {ListenError} */
  adopt(socket: OpenDescriptor): Promise<BatchSocket>
}

/** A socket that is open and bound. */
export interface OpenDescriptor {
  readonly fd: number
  readonly local: Endpoint
}

/** How datagrams are moved: `dgram` is Node's own way, one by one. */
export type DatagramPath = 'batches' | 'dgram'

/** Why datagrams are not moved in batches here; undefined when they are. */
export function whyNoBatches(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  if (environment['FATHOM_UDP'] === 'dgram') return 'FATHOM_UDP is dgram'
  const found = libc()
  return isLibc(found) ? undefined : found.why
}

/** Asked of the kernel, which may give less: bursts of small datagrams must not be dropped while the loop is busy. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024

/**
 * Opens a UDP listener.
 *
 * On the wildcard address (`::`, both families) it opens one more socket per address of this host if there are several,
 * so that responses leave from the address that was asked: a wildcard socket's source address is the routing table's
 * choice. An address that the host gets later is served by the wildcard socket.
 *
 * @throws {ListenError}
 */
export async function openDatagramListener(
  endpoint: Endpoint,
  responder: Responder,
  options: DatagramOptions = {},
): Promise<DatagramListener> {
  const wildcard = endpoint.address === '::'
  const path = options.path ?? (whyNoBatches() === undefined ? 'batches' : 'dgram')
  const { onDropped } = options
  const state: State = { responder, dropped: 0, onDropped, path, reusePort: options.reusePort === true }
  const first = await openWildcardOrOne(endpoint, state)
  const { port } = first
  const sockets = [first]
  if (wildcard) {
    for (const address of ownAddresses()) {
      try {
        sockets.push(await openSocket({ address, port }, state, { reuseAddr: true }))
      } catch (error) {
        // An address may go, or still be tentative (IPv6 duplicate detection): the wildcard socket serves it.
        if (!(error instanceof ListenError)) throw error
      }
    }
  }
  return {
    local: { address: endpoint.address, port },
    get dropped() {
      return state.dropped
    },
    sockets: sockets.flatMap(({ batches }) => (batches === undefined ? [] : [batches])),
    adopt: (socket) => adoptSocket(socket, state),
    setResponder: (next) => {
      state.responder = next
    },
    async close(graceMs) {
      await Promise.all(sockets.map((socket) => socket.close(graceMs)))
    },
  }
}

/** How a listener is opened. */
export interface DatagramOptions {
  /** Absent: in batches where possible. */
  readonly path?: DatagramPath
  /** Several listeners share the address, and the kernel spreads the clients over them (SO_REUSEPORT). Only with batches. */
  readonly reusePort?: boolean | undefined
  /** Told for each response that the system did not take, with the error's name: `EAGAIN` for a full socket. */
  readonly onDropped?: ((code: string) => void) | undefined
}

interface State extends BatchState {
  readonly path: DatagramPath
  readonly reusePort: boolean
}

interface OpenSocket {
  readonly port: number
  readonly batches?: BatchSocket
  close(graceMs: number): Promise<void>
}

async function openWildcardOrOne(endpoint: Endpoint, state: State): Promise<OpenSocket> {
  try {
    return await openSocket(endpoint, state, { reuseAddr: endpoint.address === '::' })
  } catch (error) {
    // A host without IPv6 has no "::".
    if (endpoint.address !== '::' || !(error instanceof ListenError) || error.code === 'address-in-use') throw error
    return openSocket({ ...endpoint, address: '0.0.0.0' }, state, { reuseAddr: true })
  }
}

async function openSocket(
  endpoint: Endpoint,
  state: State,
  { reuseAddr }: { readonly reuseAddr: boolean },
): Promise<OpenSocket> {
  const found = libc()
  if (state.path === 'dgram' || !isLibc(found)) return openNodeSocket(endpoint, state, { reuseAddr })
  const { reusePort } = state
  const options = { endpoint, reuseAddr, reusePort, bufferBytes: SOCKET_BUFFER_BYTES }
  const socket = await BatchSocket.open(found, state, options)
  return { port: socket.local.port, batches: socket, close: (graceMs) => socket.close(graceMs) }
}

/**
 * Serves from a socket that is open and bound already, in batches.
 *
 * @param socket its descriptor, which is closed with the result, and where it is bound
 * @throws {ListenError}
 */
export function adoptDatagramSocket(
  socket: OpenDescriptor,
  responder: Responder,
  { onDropped }: Pick<DatagramOptions, 'onDropped'>,
): Promise<BatchSocket> {
  return adoptSocket(socket, { responder, dropped: 0, onDropped })
}

async function adoptSocket({ fd, local }: OpenDescriptor, state: BatchState): Promise<BatchSocket> {
  const found = libc()
  if (!isLibc(found)) throw new ListenError('udp', local, new Error(found.why))
  const options = { endpoint: local, fd, reuseAddr: true, reusePort: true, bufferBytes: SOCKET_BUFFER_BYTES }
  return BatchSocket.open(found, state, options)
}

// --- One by one, with Node's dgram ---

async function openNodeSocket(
  endpoint: Endpoint,
  state: State,
  options: { readonly reuseAddr: boolean },
): Promise<OpenSocket> {
  const v6 = endpoint.address.includes(':')
  const socket = createSocket({
    type: v6 ? 'udp6' : 'udp4',
    reuseAddr: options.reuseAddr,
    recvBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
    // Addresses are given as numbers: without this each send would pass through the resolver's queue.
    lookup: (address, _options, callback) => callback(null, address, v6 ? 6 : 4),
  })
  try {
    // The event may come before bind returns.
    const listening = once(socket, 'listening')
    socket.bind(endpoint.port, endpoint.address)
    await listening
  } catch (error) {
    socket.close()
    throw new ListenError('udp', endpoint, error)
  }
  const local: Endpoint = { address: endpoint.address, port: socket.address().port }
  const pending = new Set<Promise<void>>()
  socket.on('message', (octets, from) => answer(socket, { state, octets, from, local, pending }))
  // ICMP errors of earlier responses surface here; there is nobody to tell.
  socket.on('error', () => {})
  return {
    port: local.port,
    async close(graceMs) {
      if (pending.size > 0 && graceMs > 0) await settled(pending, graceMs)
      await closeSocket(socket)
    },
  }
}

interface Arrival {
  readonly state: State
  readonly octets: Uint8Array
  readonly from: RemoteInfo
  readonly local: Endpoint
  /** Answers under way. */
  readonly pending: Set<Promise<void>>
}

function answer(socket: Socket, { state, octets, from, local, pending }: Arrival): void {
  // Nobody can be answered at port 0.
  if (from.port === 0) return
  const address = from.address.startsWith('::ffff:') ? from.address.slice(7) : from.address
  const peer = { client: { address, port: from.port }, local, transport: 'udp' } as const
  const { inPlace } = state.responder
  const ready = inPlace === undefined ? undefined : answerAlone(inPlace, octets, peer)
  const response = ready ?? state.responder(octets, peer)
  if (!isEventual(response)) {
    send(socket, { state, response, from })
    return
  }
  const sent = response.then((late) => {
    send(socket, { state, response: late, from })
    pending.delete(sent)
  })
  pending.add(sent)
}

async function settled(pending: ReadonlySet<Promise<void>>, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs)
  })
  await Promise.race([over, Promise.all(pending)])
  clearTimeout(timer)
}

interface Departure {
  readonly state: State
  readonly response: Uint8Array | undefined
  readonly from: RemoteInfo
}

/** A lost response is UDP's ordinary life: the client asks again. */
function send(socket: Socket, { state, response, from }: Departure): void {
  if (response === undefined) return
  const drop = (error: unknown): void => {
    state.dropped += 1
    state.onDropped?.(codeOf(error))
  }
  try {
    socket.send(response, from.port, from.address, (error) => {
      if (error !== null) drop(error)
    })
  } catch (error) {
    drop(error)
  }
}

/** Addresses worth a socket of their own; none where there is no choice to get wrong. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  // A link-local IPv6 address needs its interface to be bound; the routing table chooses rightly there anyway.
  const outward = all.filter((entry) => !entry.internal && !(entry.family === 'IPv6' && entry.scopeid !== 0))
  return outward.length > 1 ? outward.map(({ address }) => address) : []
}

async function closeSocket(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.close(() => resolve())
  })
}
