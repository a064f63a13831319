// Netlink dumps (netlink(7)): one question to the kernel, and messages until it says that it is done. The socket is of the calling
// thread's network namespace.
//   nlmsghdr, 16 octets: length u32 | type u16 | flags u16 | sequence u32 | port u32; then the message's own header, then attributes
import { closeSync, readSync, writeSync } from 'node:fs'
import type { Libc } from './libc.ts'
import { SystemCallError } from './system-call-error.ts'

const AF_NETLINK = 16
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const NLM_F_REQUEST = 1
const NLM_F_DUMP = 0x300
const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const HEADER_BYTES = 16
/** The kernel answers at once; this only guards against waiting for ever. */
const TIMEOUT_S = 5
/** What the kernel fills at most for one read of a dump. */
const BUFFER_BYTES = 65_536

/** `route`: links, addresses, routes. `netfilter`: connection tracking. */
export type NetlinkProtocol = 'netfilter' | 'route'

const PROTOCOLS: Readonly<Record<NetlinkProtocol, number>> = { route: 0, netfilter: 12 }

export interface NetlinkDump {
  readonly protocol: NetlinkProtocol
  /** Such as RTM_GETLINK. */
  readonly type: number
  /** The message's own header. */
  readonly header: Uint8Array
}

/**
 * Asks for a dump and hands over each message without its nlmsghdr; valid while the sink runs.
 *
 * @throws {SystemCallError} `EPERM`, `EOPNOTSUPP`, `EAGAIN` when the kernel stays silent
 */
export function dumpNetlink(libc: Libc, dump: NetlinkDump, sink: (message: DataView) => void): void {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, PROTOCOLS[dump.protocol])
  if (fd < 0) throw new SystemCallError('socket', libc.errno())
  try {
    const timeout = new Uint8Array(16)
    new DataView(timeout.buffer).setBigInt64(0, BigInt(TIMEOUT_S), true)
    libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length)
    writeSync(fd, requestOf(dump))
    const buffer = new Uint8Array(BUFFER_BYTES)
    for (let isDone = false; !isDone;) {
      isDone = readMessages(new DataView(buffer.buffer, 0, readSync(fd, buffer)), sink)
    }
  } finally {
    closeSync(fd)
  }
}

function requestOf({ type, header }: NetlinkDump): Uint8Array {
  const request = new Uint8Array(HEADER_BYTES + header.length)
  const view = new DataView(request.buffer)
  view.setUint32(0, request.length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, true)
  view.setUint32(8, 1, true)
  request.set(header, HEADER_BYTES)
  return request
}

/** Whether the dump ended. @throws {SystemCallError} the kernel refuses */
function readMessages(view: DataView, sink: (message: DataView) => void): boolean {
  for (let at = 0; at + HEADER_BYTES <= view.byteLength;) {
    const length = view.getUint32(at, true)
    if (length < HEADER_BYTES || at + length > view.byteLength) return true
    const type = view.getUint16(at + 4, true)
    if (type === NLMSG_DONE) return true
    if (type === NLMSG_ERROR) {
      const errno = -view.getInt32(at + HEADER_BYTES, true)
      if (errno !== 0) throw new SystemCallError('netlink', errno)
      return true
    }
    sink(new DataView(view.buffer, view.byteOffset + at + HEADER_BYTES, length - HEADER_BYTES))
    // Messages begin at multiples of four.
    at += (length + 3) & ~3
  }
  return view.byteLength === 0
}
