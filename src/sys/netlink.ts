// Netlink dumps (netlink(7)): one question to the kernel, and messages until it says that it is done. The socket is of the calling
// thread's network namespace.
import { readSync, writeSync } from 'node:fs'
import type { Libc } from './libc.ts'
import { NETLINK_PROTOCOLS, frameNetlink, readNetlinkMessages } from './netlink-message.ts'
import type { NetlinkProtocol } from './netlink-message.ts'
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
/** The kernel answers at once; this only guards against waiting for ever. */
const TIMEOUT_S = 5
/** What the kernel fills at most for one read of a dump. */
const BUFFER_BYTES = 65_536

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
  const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_PROTOCOLS[dump.protocol])
  if (fd < 0) throw new SystemCallError('socket', libc.errno())
  try {
    const timeout = new Uint8Array(16)
    new DataView(timeout.buffer).setBigInt64(0, BigInt(TIMEOUT_S), true)
    libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length)
    writeSync(fd, frameNetlink({ type: dump.type, flags: NLM_F_REQUEST | NLM_F_DUMP, body: dump.header }))
    const buffer = new Uint8Array(BUFFER_BYTES)
    for (let isDone = false; !isDone;) {
      isDone = readDump(new DataView(buffer.buffer, 0, readSync(fd, buffer)), sink)
    }
  } finally {
    // Node did not open it, and warns of that in a thread.
    libc.close(fd)
  }
}

/** Whether the dump ended. @throws {SystemCallError} the kernel refuses */
function readDump(view: DataView, sink: (message: DataView) => void): boolean {
  let isDone = view.byteLength === 0
  readNetlinkMessages(view, (type, message) => {
    if (type === NLMSG_ERROR) {
      const errno = -message.getInt32(0, true)
      if (errno !== 0) throw new SystemCallError('netlink', errno)
    }
    isDone ||= type === NLMSG_DONE || type === NLMSG_ERROR
    if (!isDone) sink(message)
  })
  return isDone
}
