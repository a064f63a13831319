// A netlink socket (netlink(7)) that asks and listens: requests that the kernel acknowledges, and messages that it sends by itself.
// The socket is of the network namespace that the calling thread was in when it was made.
import { closeSync, readSync, writeSync } from 'node:fs'
import type { Libc } from './libc.ts'
import { NETLINK_PROTOCOLS, frameNetlink, readNetlinkMessages } from './netlink-message.ts'
import type { NetlinkMessage, NetlinkProtocol } from './netlink-message.ts'
import { SystemCallError } from './system-call-error.ts'

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const NLM_F_REQUEST = 1
const NLM_F_ACK = 4
const NLMSG_ERROR = 2
const EAGAIN = 11
/** A packet and its attributes; the largest packet has 65,535 octets. */
const BUFFER_BYTES = 131_072

/** Never waits; not for the event loop to wait on: ask again when there was nothing. */
export class NetlinkSocket {
  readonly #fd: number
  readonly #buffer = new Uint8Array(BUFFER_BYTES)

  /** @throws {SystemCallError} */
  constructor(libc: Libc, protocol: NetlinkProtocol) {
    this.#fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_PROTOCOLS[protocol])
    if (this.#fd < 0) throw new SystemCallError('socket', libc.errno())
  }

  /**
   * Sends a request and takes the kernel's acknowledgement, which is there as soon as the request is sent.
   *
   * @throws {SystemCallError} the kernel refuses, such as `EINVAL` for a subsystem that it lacks
   */
  request(message: NetlinkMessage): void {
    let errno = EAGAIN
    this.send({ ...message, flags: (message.flags ?? 0) | NLM_F_ACK })
    this.#readAll((type, body) => {
      if (type === NLMSG_ERROR) errno = -body.getInt32(0, true)
    })
    if (errno !== 0) throw new SystemCallError('netlink', errno)
  }

  /** Sends a request; what the kernel does, it has done when this returns. */
  send({ flags = 0, ...message }: NetlinkMessage): void {
    writeSync(this.#fd, frameNetlink({ ...message, flags: flags | NLM_F_REQUEST }))
  }

  /** Hands over each message that is there without its nlmsghdr, errors left out; valid while the sink runs. */
  receive(sink: (type: number, message: DataView) => void): void {
    this.#readAll((type, message) => {
      if (type !== NLMSG_ERROR) sink(type, message)
    })
  }

  close(): void {
    closeSync(this.#fd)
  }

  #readAll(sink: (type: number, message: DataView) => void): void {
    for (;;) {
      try {
        const length = readSync(this.#fd, this.#buffer)
        readNetlinkMessages(new DataView(this.#buffer.buffer, 0, length), sink)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EAGAIN') return
        // Some found no room in the socket; those that follow are whole.
        if (code !== 'ENOBUFS') throw error
      }
    }
  }
}
