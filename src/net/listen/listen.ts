// Starts TCP listeners, alone at their address or beside others.
import { once } from 'node:events'
import type { Server } from 'node:net'
import { duplicateDescriptor, isLibc, libc, openStreamSocket } from '../../sys/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import { handOverConnections } from './hand-over.ts'
import { ListenError } from './listen-error.ts'

/** How a listener shares its address. */
export interface ListenOptions {
  /**
   * Several listeners, of one process or of several, share the address, and the kernel spreads the clients over them
   * (SO_REUSEPORT). Default false; where the C library cannot be called the listener is alone all the same.
   */
  readonly reusePort?: boolean | undefined
  /** A second descriptor of a socket that listens at this address already, see {@link TcpSocket}; it is owned from then on. */
  readonly descriptor?: number | undefined
}

/** The socket below a TCP listener. */
export interface TcpSocket {
  /**
   * Makes a second descriptor of it, for another kind of listener at the same address: no moment is without a listener, and no
   * connection that waits to be accepted is lost. Undefined where the C library cannot be called.
   */
  readonly duplicate: () => number | undefined
}

/** What is open now. */
export interface Listening extends TcpSocket {
  /** The port is the real one. */
  readonly local: Endpoint
  /** To be awaited before closing: if the address is shared, others get the new connections from then on. */
  readonly handOver: () => Promise<void>
}

/** Backlog of the accept queue; the kernel caps it at net.core.somaxconn. */
const BACKLOG = 4096

/**
 * Starts listening, the wildcard `::` for both families, or for IPv4 alone on hosts without IPv6.
 *
 * @throws {ListenError}
 */
export async function listen(server: Server, endpoint: Endpoint, options: ListenOptions = {}): Promise<Listening> {
  let fd: number | undefined
  const hosts = endpoint.address === '::' ? ['::', '0.0.0.0'] : [endpoint.address]
  for (const host of hosts) {
    try {
      fd = startListening(server, { address: host, port: endpoint.port }, options)
      await once(server, 'listening')
      break
    } catch (error) {
      const noIpv6 = error instanceof Error && 'code' in error && IPV6_MISSING.includes(String(error.code))
      if (host === '::' && noIpv6) continue
      throw new ListenError('tcp', endpoint, error)
    }
  }
  // Accepting can fail for want of descriptors; the next one may succeed.
  server.on('error', () => {})
  const bound = server.address()
  const port = bound !== null && typeof bound === 'object' ? bound.port : endpoint.port
  const local: Endpoint = { address: endpoint.address, port }
  return {
    local,
    handOver: async () => {
      if (options.reusePort === true && fd !== undefined) await handOverConnections(server, { fd, local })
    },
    duplicate: () => {
      const found = libc()
      return fd === undefined || !isLibc(found) ? undefined : duplicateDescriptor(found, fd)
    },
  }
}

const IPV6_MISSING: readonly string[] = ['EAFNOSUPPORT', 'EADDRNOTAVAIL']

/** The descriptor, where it is ours to know. */
function startListening(server: Server, { address, port }: Endpoint, options: ListenOptions): number | undefined {
  const found = libc()
  const fd =
    options.descriptor ??
    (isLibc(found) ? openStreamSocket(found, { address, port, reusePort: options.reusePort === true }) : undefined)
  // Node closes the descriptor with the server, and when it cannot listen.
  if (fd === undefined) server.listen({ host: address, port, backlog: BACKLOG })
  else server.listen({ fd, backlog: BACKLOG })
  return fd
}
