// A socket made by the C library and bound, so that it can carry options that Node does not set before bind.
import type { Libc } from './libc.ts'
import { AF_INET, AF_INET6, SOCKADDR_BYTES, writeSocketAddress } from './socket-address.ts'
import { SystemCallError } from './system-call-error.ts'

export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_RCVBUF = 8
export const SO_REUSEPORT = 15

export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26

/** Where and as what a socket is bound. */
export interface BoundSocketOptions {
  /** SOCK_STREAM or SOCK_DGRAM. */
  readonly type: number
  /** IPv4 or IPv6 text; `0.0.0.0` and `::` are the wildcards, the latter for IPv4 too. */
  readonly address: string
  /** 0 lets the kernel choose. */
  readonly port: number
  /** Sets options before the bind; what fails there is left as it is. */
  readonly configure: (set: SetOption) => void
}

/** Sets an option of SOL_SOCKET; tells whether the kernel took it. */
export type SetOption = (name: number, value: number) => boolean

/**
 * Opens a bound, non-blocking socket.
 *
 * @returns the file descriptor; the caller owns it
 * @throws {SystemCallError} of `socket` or `bind`
 */
export function openBoundSocket(libc: Libc, { type, address, port, configure }: BoundSocketOptions): number {
  const v6 = address.includes(':')
  const fd = openSocket(libc, type, v6)
  configure((name, value) => setSocketOption(libc, fd, { level: SOL_SOCKET, name, value }))
  if (v6) setSocketOption(libc, fd, { level: IPPROTO_IPV6, name: IPV6_V6ONLY, value: address === '::' ? 0 : 1 })
  const errno = attachSocket(libc, fd, { call: 'bind', to: { address, port } })
  if (errno === 0) return fd
  libc.close(fd)
  throw new SystemCallError('bind', errno)
}

/** Opens a non-blocking socket. @throws {SystemCallError} of `socket` */
export function openSocket(libc: Libc, type: number, v6: boolean): number {
  const fd = libc.socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw new SystemCallError('socket', libc.errno())
  return fd
}

/** One option of setsockopt(2) whose value is an int. */
export interface SocketOption {
  readonly level: number
  readonly name: number
  readonly value: number
}

/** Sets an option; tells whether the kernel took it. */
export function setSocketOption(libc: Libc, fd: number, { level, name, value }: SocketOption): boolean {
  const octets = Buffer.alloc(4)
  octets.writeInt32LE(value)
  return libc.setsockopt(fd, level, name, octets, 4) === 0
}

/** Which end of a socket gets an address. */
export interface Attachment {
  readonly call: 'bind' | 'connect'
  readonly to: { readonly address: string; readonly port: number }
}

/** Gives a socket its own address or its peer's. Returns errno, 0 when all went well. */
export function attachSocket(libc: Libc, fd: number, { call, to }: Attachment): number {
  const name = Buffer.alloc(SOCKADDR_BYTES)
  return libc[call](fd, name, writeSocketAddress(name, 0, to)) === 0 ? 0 : libc.errno()
}
