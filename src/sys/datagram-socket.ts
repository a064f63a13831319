// A UDP socket made by the C library, so that it can carry options Node does not set before bind: SO_REUSEPORT on every
// Node version, and large buffers. Node then takes the descriptor over (`socket.bind({ fd })`).
import {
  SOCK_DGRAM,
  SOL_SOCKET,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  attachSocket,
  openBoundSocket,
  setSocketOption,
} from './bound-socket.ts'
import type { Libc } from './libc.ts'
import { SystemCallError } from './system-call-error.ts'

const SO_SNDBUF = 7
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33

export interface DatagramSocketOptions {
  /** IPv4 or IPv6 text; `0.0.0.0` and `::` are the wildcards. */
  readonly address: string
  /** 0 lets the kernel choose. */
  readonly port: number
  /** A socket for one address may stand beside one for the wildcard. */
  readonly reuseAddr: boolean
  /** Sockets of one user share the address and the kernel spreads the datagrams over them. */
  readonly reusePort: boolean
  /** Asked of the kernel for each direction, in octets; it may give less. */
  readonly bufferBytes: number
}

/**
 * Opens a bound, non-blocking UDP socket; `::` takes IPv4 too.
 *
 * @returns the file descriptor; the caller owns it
 * @throws {SystemCallError} of `socket` or `bind`
 */
export function openDatagramSocket(libc: Libc, options: DatagramSocketOptions): number {
  const { address, port, reuseAddr, reusePort, bufferBytes } = options
  return openBoundSocket(libc, {
    type: SOCK_DGRAM,
    address,
    port,
    configure(set) {
      if (reuseAddr) set(SO_REUSEADDR, 1)
      if (reusePort) set(SO_REUSEPORT, 1)
      // The forced form may pass net.core.rmem_max, which is small for a DNS server's bursts; it needs CAP_NET_ADMIN.
      if (!set(SO_RCVBUFFORCE, bufferBytes)) set(SO_RCVBUF, bufferBytes)
      if (!set(SO_SNDBUFFORCE, bufferBytes)) set(SO_SNDBUF, bufferBytes)
    },
  })
}

/** Lets further sockets of this user share a bound socket's address, as if it had been opened with `reusePort`. */
export function allowTwins(libc: Libc, fd: number): void {
  const octets = new Uint8Array(4)
  octets[0] = 1
  if (libc.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, octets, 4) !== 0) {
    throw new SystemCallError('setsockopt', libc.errno())
  }
}

/** Keeps a bound socket's port to itself: Node lets sockets share it when it takes a descriptor over. Tells whether the kernel did so. */
export function forbidTwins(libc: Libc, fd: number): boolean {
  return [SO_REUSEADDR, SO_REUSEPORT].every((name) => setSocketOption(libc, fd, { level: SOL_SOCKET, name, value: 0 }))
}

/**
 * Takes a UDP socket out of those that get datagrams at its address, by connecting it to an address where nobody sends from. What
 * was queued before can still be read, and it can still send to anybody.
 *
 * Not for the wildcard: connecting chooses a source address.
 *
 * @returns whether the kernel did so
 */
export function detachDatagramSocket(libc: Libc, fd: number, local: { address: string; port: number }): boolean {
  // Its own address and port: there is a way there in any case, and no other socket sends from them to itself.
  return attachSocket(libc, fd, { call: 'connect', to: local }) === 0
}
