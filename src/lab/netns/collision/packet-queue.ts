// A packet queue of the kernel (NFQUEUE, linux/netfilter/nfnetlink_queue.h): packets that a rule hands over wait until they are let go.
//   nfgenmsg, 4 octets: family u8 | version u8 | number of the queue u16 BE; numbers in attributes are big-endian too
import { NetlinkSocket, encodeAttributes, readAttributes } from '../../../sys/index.ts'
import type { Attribute, Libc } from '../../../sys/index.ts'

/** NFNL_SUBSYS_QUEUE, and the message in it. */
const PACKET = 0x300
const VERDICT = 0x301
const CONFIG = 0x302
const NF_ACCEPT = 1

/** NFQA_CFG_CMD with NFQNL_CFG_CMD_BIND; NFQA_CFG_PARAMS with NFQNL_COPY_PACKET of so many octets. */
const BIND: Attribute = [1, Uint8Array.of(1, 0, 0, 0)]
/** An IPv4 header with all its options, and the ports. */
const COPIED_OCTETS = 64
const COPY: Attribute = [2, Uint8Array.of(0, 0, 0, COPIED_OCTETS, 2)]
/** NFQA_PACKET_HDR, NFQA_VERDICT_HDR, NFQA_PAYLOAD. */
const PACKET_HEADER = 1
const VERDICT_HEADER = 2
const PAYLOAD = 10

/** A packet that waits. */
export interface QueuedPacket {
  readonly id: number
  /** From the IP header on, its first octets. */
  readonly octets: Uint8Array
}

/** The queue of one network namespace with one number; packets wait as long as it is open. */
export class PacketQueue {
  readonly #socket: NetlinkSocket
  readonly #queue: number

  /**
   * Of the namespace that the calling thread is in.
   *
   * @throws {SystemCallError} `EINVAL` from kernels without packet queues, `EBUSY` when somebody else has that one
   */
  constructor(libc: Libc, queue: number) {
    this.#queue = queue
    this.#socket = new NetlinkSocket(libc, 'netfilter')
    try {
      for (const attribute of [BIND, COPY]) this.#socket.request({ type: CONFIG, body: this.#body(attribute) })
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** The packets that came since the last call. */
  take(): QueuedPacket[] {
    const packets: QueuedPacket[] = []
    this.#socket.receive((type, message) => {
      if (type !== PACKET) return
      const attributes = readAttributes(message, 4)
      const id = attributes.get(PACKET_HEADER)?.getUint32(0)
      const payload = attributes.get(PAYLOAD)
      if (id === undefined || payload === undefined) return
      packets.push({ id, octets: new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength).slice() })
    })
    return packets
  }

  /** Lets a packet go on its way; when this returns, the kernel has sent or lost it. */
  release({ id }: QueuedPacket): void {
    const verdict = new DataView(new ArrayBuffer(8))
    verdict.setUint32(0, NF_ACCEPT)
    verdict.setUint32(4, id)
    this.#socket.send({ type: VERDICT, body: this.#body([VERDICT_HEADER, new Uint8Array(verdict.buffer)]) })
  }

  /** What still waits is lost. */
  close(): void {
    this.#socket.close()
  }

  #body(attribute: Attribute): Uint8Array {
    return encodeAttributes(Uint8Array.of(0, 0, this.#queue >> 8, this.#queue & 0xff), [attribute])
  }
}
