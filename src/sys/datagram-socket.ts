// A UDP socket made by the C library, so that it can carry options Node does not set before bind: SO_REUSEPORT on every
// Node version, and large buffers. Node then takes the descriptor over (`socket.bind({ fd })`).
import type { Libc } from './libc.ts'
import { AF_INET, AF_INET6, SOCKADDR_BYTES, writeSocketAddress } from './socket-address.ts'
import { SystemCallError } from './system-call-error.ts'

const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_SNDBUF = 7
const SO_RCVBUF = 8
const SO_REUSEPORT = 15
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

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
  const v6 = address.includes(':')
  const fd = libc.socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw new SystemCallError('socket', libc.errno())
  const set = (level: number, name: number, value: number): boolean => {
    const octets = Buffer.alloc(4)
    octets.writeInt32LE(value)
    return libc.setsockopt(fd, level, name, octets, 4) === 0
  }
  if (reuseAddr) set(SOL_SOCKET, SO_REUSEADDR, 1)
  if (reusePort) set(SOL_SOCKET, SO_REUSEPORT, 1)
  if (v6) set(IPPROTO_IPV6, IPV6_V6ONLY, address === '::' ? 0 : 1)
  // The forced form may pass net.core.rmem_max, which is small for a DNS server's bursts; it needs CAP_NET_ADMIN.
  if (!set(SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes)) set(SOL_SOCKET, SO_RCVBUF, bufferBytes)
  if (!set(SOL_SOCKET, SO_SNDBUFFORCE, bufferBytes)) set(SOL_SOCKET, SO_SNDBUF, bufferBytes)
  const name = Buffer.alloc(SOCKADDR_BYTES)
  const nameBytes = writeSocketAddress(name, 0, { address, port })
  if (libc.bind(fd, name, nameBytes) !== 0) {
    const errno = libc.errno()
    libc.close(fd)
    throw new SystemCallError('bind', errno)
  }
  return fd
}
