// A TCP socket for listening made by the C library, so that several may share its address: Node's own option for that is of
// later versions. Node then takes the descriptor over (`server.listen({ fd })`).
import { SOCK_STREAM, SO_REUSEADDR, SO_REUSEPORT, openBoundSocket, openSocket } from './bound-socket.ts'
import type { Libc } from './libc.ts'

export interface StreamSocketOptions {
  /** IPv4 or IPv6 text; `0.0.0.0` and `::` are the wildcards. */
  readonly address: string
  /** 0 lets the kernel choose. */
  readonly port: number
  /** Sockets of one user share the address, and the kernel spreads the connections over them. */
  readonly reusePort: boolean
}

/**
 * Opens a bound, non-blocking TCP socket; `::` takes IPv4 too. It does not listen yet: Node's `listen` does that.
 *
 * @returns the file descriptor; the caller owns it
 * @throws {SystemCallError} of `socket` or `bind`
 */
export function openStreamSocket(libc: Libc, { address, port, reusePort }: StreamSocketOptions): number {
  return openBoundSocket(libc, {
    type: SOCK_STREAM,
    address,
    port,
    configure(set) {
      // As Node does: connections of a former listener that still fade away do not keep the port.
      set(SO_REUSEADDR, 1)
      if (reusePort) set(SO_REUSEPORT, 1)
    },
  })
}

/**
 * Opens a non-blocking TCP socket that has no address yet: connecting gives it one.
 *
 * @returns the file descriptor; the caller owns it
 * @throws {SystemCallError} of `socket`
 */
export function openUnboundStreamSocket(libc: Libc, family: 4 | 6): number {
  return openSocket(libc, SOCK_STREAM, family === 6)
}

const F_DUPFD_CLOEXEC = 1030

/** Makes a second descriptor of the same socket; undefined when the process has no room for one. */
export function duplicateDescriptor(libc: Libc, fd: number): number | undefined {
  const second = libc.fcntl(fd, F_DUPFD_CLOEXEC, 0)
  return second < 0 ? undefined : second
}
