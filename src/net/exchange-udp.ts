// One question, one datagram, one response; two of each with a companion. A pair of sockets on one port sees everything that can
// happen to them.
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { setAwakeTimeout } from '../base/awake-timer.ts'
import { randomId } from '../base/random.ts'
import { encodeMessage } from '../dns/index.ts'
import type { Message } from '../dns/index.ts'
import type { Endpoint, ExchangeResult, StrayMessage } from './exchange-result.ts'
import { MAX_STRAY, classifyFault, encodeQuery, faultDetail, isIpv6 } from './exchange-request.ts'
import type { ExchangeOptions, SocketSpace } from './exchange-request.ts'
import { matchResponse } from './match-response.ts'

/**
 * Asks over UDP and waits for the one response that fits; everything else that comes is stray.
 *
 * Only a connected socket is told of ICMP errors, and only an unconnected one receives what other addresses send. So
 * there are two on the same fresh port: the connected one asks and takes the server's datagrams, for which the kernel
 * prefers it; the other takes the rest. Where the system does not allow the second one, strays from other addresses
 * stay unseen, as with any resolver.
 *
 * Resolves for every network fault. @throws {WireError} @throws {RangeError} when the message cannot be encoded
 */
export async function exchangeUdp(options: ExchangeOptions): Promise<ExchangeResult> {
  const { timeoutMs, server, drawId = randomId, companion } = options
  const startedAt = performance.now()
  const query: Message = { ...options.message, id: drawId() }
  const octets = encodeQuery(options, query)
  const second: Message | undefined = companion === undefined ? undefined : { ...companion, id: drawId() }
  const secondOctets = second === undefined ? undefined : encodeMessage(second)
  const stray: StrayMessage[] = []
  const sockets: Socket[] = []
  try {
    return await new Promise<ExchangeResult>((resolve) => {
      let first: { readonly message: Message; readonly octets: Uint8Array } | undefined
      let isSecondAnswered = false
      const afterMs = (): number => performance.now() - startedAt
      const timer = setAwakeTimeout(() => {
        const count = first === undefined && !isSecondAnswered ? 'none' : 'one'
        const answered = second === undefined ? {} : ({ answered: count } as const)
        resolve({ kind: 'timeout', afterMs: afterMs(), transport: 'udp', stray, ...answered })
      }, timeoutMs)
      const settle = (result: ExchangeResult): void => {
        timer.clear()
        resolve(result)
      }
      const fail = (error: NodeJS.ErrnoException): void => {
        settle({ kind: classifyFault(error), afterMs: afterMs(), transport: 'udp', detail: faultDetail(error) })
      }
      const addStray = (found: StrayMessage): void => {
        if (stray.length < MAX_STRAY) stray.push(found)
        options.onStray?.(found)
      }
      openPair(options, sockets)
        .then(({ connected, unconnected }) => {
          connected.on('message', (received) => {
            const match = matchResponse(new Uint8Array(received), query, server)
            if (match.kind === 'response') first ??= { message: match.message, octets: new Uint8Array(received) }
            else if (isResponseTo(second, received, server)) isSecondAnswered = true
            else addStray(match.stray)
            if (first === undefined || (second !== undefined && !isSecondAnswered)) return
            const rttMs = performance.now() - sentAt
            settle({ kind: 'response', ...first, rttMs, transport: 'udp', stray })
          })
          connected.on('error', fail)
          unconnected.on('message', (received, { address, port }) => {
            addStray({ from: { address, port }, why: 'other-address', octets: new Uint8Array(received) })
          })
          // What befalls the listening half says nothing about the query.
          unconnected.on('error', () => undefined)
          const sentAt = performance.now()
          for (const datagram of secondOctets === undefined ? [octets] : [octets, secondOctets]) {
            connected.send(datagram, (error) => {
              if (error !== null) fail(error)
            })
          }
        })
        .catch(fail)
    })
  } finally {
    for (const socket of sockets) close(socket)
  }
}

function isResponseTo(query: Message | undefined, received: Uint8Array, server: Endpoint): boolean {
  return query !== undefined && matchResponse(new Uint8Array(received), query, server).kind === 'response'
}

interface SocketPair {
  readonly connected: Socket
  readonly unconnected: Socket
}

/** Ports that a pair in this process holds: the kernel could give one of them out twice, as they are shareable. */
const heldPorts = new Set<string>()

/** Opens the pair; each socket made goes into `sockets`, also when opening fails halfway. */
async function openPair(options: ExchangeOptions, sockets: Socket[]): Promise<SocketPair> {
  const { server, source, space } = options
  const address = source?.address
  const unconnected = await openShared(options, sockets)
  const { port } = unconnected.address()
  let connected = makeSocket(server, sockets)
  try {
    await bind(connected, { address, port, space })
  } catch {
    close(unconnected)
    connected = makeSocket(server, sockets)
    await bind(connected, { address, port: source?.port ?? 0, space })
  }
  await connect(connected, server)
  return { connected, unconnected }
}

/**
 * How often a port is drawn until one is free of other exchanges: where the kernel has few of them (net.ipv4.ip_local_port_range), all
 * may be taken.
 */
const MAX_DRAWS = 16

/**
 * Binds a socket to a port that no other exchange of this process holds, unless one was asked for. Rejects with `EADDRINUSE` when
 * no port is left.
 */
async function openShared({ server, source, space }: ExchangeOptions, sockets: Socket[]): Promise<Socket> {
  for (let draw = 0; draw < MAX_DRAWS; draw += 1) {
    const socket = makeSocket(server, sockets)
    await bind(socket, { address: source?.address, port: source?.port ?? 0, space })
    const { family, port } = socket.address()
    const key = `${family} ${port} ${space?.id ?? ''}`
    if (!heldPorts.has(key)) {
      heldPorts.add(key)
      socket.once('close', () => heldPorts.delete(key))
      return socket
    }
    if (source?.port !== undefined) return socket
  }
  throw Object.assign(new Error('bind EADDRINUSE'), { code: 'EADDRINUSE' })
}

function makeSocket(server: Endpoint, sockets: Socket[]): Socket {
  const type = isIpv6(server.address) ? 'udp6' : 'udp4'
  const socket = createSocket({ type, reuseAddr: true, ipv6Only: type === 'udp6', lookup: literalLookup })
  sockets.push(socket)
  return socket
}

interface Binding {
  readonly address: string | undefined
  readonly port: number
  readonly space: SocketSpace | undefined
}

function bind(socket: Socket, { address, port, space }: Binding): Promise<void> {
  const options = address === undefined ? { port, exclusive: true } : { port, address, exclusive: true }
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    const make = (): Socket =>
      socket.bind(options, () => {
        socket.off('error', reject)
        resolve()
      })
    // As addresses are literal and nobody shares its port, the system's socket is made in this very call.
    if (space === undefined) make()
    else space.within(make)
  })
}

function connect(socket: Socket, server: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    const settled = (error?: Error): void => {
      if (error === undefined) resolve()
      else reject(error)
    }
    // Typed without an argument, yet called with the error when connecting fails.
    socket.connect(server.port, server.address, settled)
  })
}

function close(socket: Socket): void {
  try {
    socket.close()
  } catch {
    // It was closed by its own failure already.
  }
}

/** Addresses are literal: nothing is ever looked up, and no thread is used. */
function literalLookup(
  hostname: string,
  _options: unknown,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, hostname, isIpv6(hostname) ? 6 : 4)
}
