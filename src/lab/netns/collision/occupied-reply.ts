// Entries of the connection table that take the place of another flow's reply (linux/netfilter/nfnetlink_conntrack.h).
import { NetlinkSocket, SystemCallError, encodeAttributes } from '../../../sys/index.ts'
import type { Attribute, Libc, NetlinkMessage } from '../../../sys/index.ts'

/** NFNL_SUBSYS_CTNETLINK: IPCTNL_MSG_CT_NEW, IPCTNL_MSG_CT_DELETE. */
const NEW = 0x100
const DELETE = 0x102
const NLM_F_EXCL = 0x200
const NLM_F_CREATE = 0x400
const HEADER = Uint8Array.of(2, 0, 0, 0)
/** CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_TIMEOUT; in a tuple CTA_TUPLE_IP, CTA_TUPLE_PROTO. */
const [ORIGINAL, REPLY, TIMEOUT] = [1, 2, 7]
const UDP = 17
/** Should nobody take it away, in seconds. */
const SECONDS = 2

/** Addresses and ports of a UDP datagram, in network byte order. */
export interface DatagramEnds {
  readonly source: Uint8Array
  readonly destination: Uint8Array
  readonly sourcePort: Uint8Array
  readonly destinationPort: Uint8Array
}

/** The connection table of the namespace that the calling thread was in when this was made. */
export class OccupiedReplies {
  readonly #socket: NetlinkSocket

  /** @throws {SystemCallError} */
  constructor(libc: Libc) {
    this.#socket = new NetlinkSocket(libc, 'netfilter')
  }

  /** Makes the table hold a flow without translation between these ends. @returns false when it cannot, or does already */
  add(ends: DatagramEnds): boolean {
    const answer = {
      source: ends.destination,
      destination: ends.source,
      sourcePort: ends.destinationPort,
      destinationPort: ends.sourcePort,
    }
    return this.#isDone({
      type: NEW,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      body: encodeAttributes(HEADER, [
        tuple(ORIGINAL, ends),
        tuple(REPLY, answer),
        [TIMEOUT, Uint8Array.of(0, 0, 0, SECONDS)],
      ]),
    })
  }

  /** Takes an entry away, unless it went by itself. */
  remove(ends: DatagramEnds): void {
    this.#isDone({ type: DELETE, body: encodeAttributes(HEADER, [tuple(ORIGINAL, ends)]) })
  }

  close(): void {
    this.#socket.close()
  }

  #isDone(message: NetlinkMessage): boolean {
    try {
      this.#socket.request(message)
      return true
    } catch (error) {
      if (error instanceof SystemCallError) return false
      throw error
    }
  }
}

function tuple(type: number, { source, destination, sourcePort, destinationPort }: DatagramEnds): Attribute {
  return [
    type,
    [
      [
        1,
        [
          [1, source],
          [2, destination],
        ],
      ],
      [
        2,
        [
          [1, Uint8Array.of(UDP)],
          [2, sourcePort],
          [3, destinationPort],
        ],
      ],
    ],
  ]
}
