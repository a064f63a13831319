// A UDP socket that hears one peer alone, on a port that the kernel draws.
import { SOCK_DGRAM, SOL_SOCKET, SO_RCVBUF, attachSocket, openSocket, setSocketOption } from './bound-socket.ts'
import type { Attachment } from './bound-socket.ts'
import type { Libc } from './libc.ts'
import { SystemCallError } from './system-call-error.ts'

export interface ConnectedSocketOptions {
  readonly to: { readonly address: string; readonly port: number }
  /** Local address to send from; absent: the system's choice. The port is the system's random one. */
  readonly sourceAddress?: string | undefined
  /** Asked of the kernel for receiving, in octets; it may give less. */
  readonly receiveBytes: number
}

/**
 * Opens a connected, non-blocking UDP socket on a port that the kernel draws: it hears `to` alone.
 *
 * @returns the file descriptor; the caller owns it
 * @throws {SystemCallError} of `socket`, `bind` or `connect`
 */
export function openConnectedSocket(libc: Libc, options: ConnectedSocketOptions): number {
  const { to, sourceAddress, receiveBytes } = options
  const fd = openSocket(libc, SOCK_DGRAM, to.address.includes(':'))
  setSocketOption(libc, fd, { level: SOL_SOCKET, name: SO_RCVBUF, value: receiveBytes })
  if (sourceAddress !== undefined) attach({ call: 'bind', to: { address: sourceAddress, port: 0 } })
  attach({ call: 'connect', to })
  return fd

  function attach(attachment: Attachment): void {
    const errno = attachSocket(libc, fd, attachment)
    if (errno === 0) return
    libc.close(fd)
    throw new SystemCallError(attachment.call, errno)
  }
}
