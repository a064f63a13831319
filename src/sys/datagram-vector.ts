// A batch of datagrams as the kernel sees it: 64 slots of octets, socket addresses and headers for recvmmsg(2) and
// sendmmsg(2). Hot path: everything is made once and stays where it is, because the headers hold raw addresses. All of it
// is fields of one object: what only its address refers to would be collected, and datagrams would be lost silently.
//
// mmsghdr, 64 octets (64-bit systems):
//    0 msg_name *   8 msg_namelen u32   16 msg_iov *   24 msg_iovlen   32 msg_control *   40 msg_controllen
//   48 msg_flags   56 msg_len u32
// iovec, 16 octets: 0 base *, 8 length
import type { Libc } from './libc.ts'
import { SOCKADDR_BYTES } from './socket-address.ts'

/** Datagrams in a batch. */
export const BATCH_SIZE = 64
/** Room for one datagram in octets; a multiple of 4. Longer queries arrive cut off; longer answers do not go in a batch. */
export const SLOT_BYTES = 4096
/** Words of 32 bits from one address to the next. */
export const NAME_WORDS: number = SOCKADDR_BYTES / 4

const HEADER_BYTES = 64
const HEADER_WORDS = 16
const NAME_LENGTH_WORD = 2
const FLAGS_WORD = 12
const RECEIVED_WORD = 14
const IOVEC_BYTES = 16
const IOVEC_WORDS = 4
const LENGTH_WORD = 2
const MSG_TRUNC = 0x20
const MSG_DONTWAIT = 0x40

/** The buffers of one direction. */
export class DatagramVector {
  /** Octets of all slots; slot i begins at `i * SLOT_BYTES`. */
  readonly octets: Uint8Array
  /** The same as words of 32 bits. */
  readonly words: Int32Array
  /** Socket addresses; that of slot i begins at `i * SOCKADDR_BYTES`. */
  readonly names: Uint8Array
  readonly nameWords: Int32Array
  readonly #libc: Libc
  readonly #iovecs: Uint8Array
  readonly #iovecWords: Uint32Array
  readonly #headerWords: Uint32Array
  /** The headers from slot i on, so that a call may start anywhere. */
  readonly #headersFrom: readonly Uint8Array[]

  constructor(libc: Libc) {
    this.#libc = libc
    this.octets = pinned(BATCH_SIZE * SLOT_BYTES)
    this.words = new Int32Array(this.octets.buffer)
    this.names = pinned(BATCH_SIZE * SOCKADDR_BYTES)
    this.nameWords = new Int32Array(this.names.buffer)
    this.#iovecs = pinned(BATCH_SIZE * IOVEC_BYTES)
    this.#iovecWords = new Uint32Array(this.#iovecs.buffer)
    const headers = pinned(BATCH_SIZE * HEADER_BYTES)
    this.#headerWords = new Uint32Array(headers.buffer)
    this.#headersFrom = Array.from({ length: BATCH_SIZE }, (_, index) => headers.subarray(index * HEADER_BYTES))

    const octets = libc.addressOf(this.octets)
    const names = libc.addressOf(this.names)
    const iovecs = libc.addressOf(this.#iovecs)
    const headerView = new DataView(headers.buffer)
    const iovecView = new DataView(this.#iovecs.buffer)
    for (let index = 0; index < BATCH_SIZE; index += 1) {
      const header = index * HEADER_BYTES
      const iovec = index * IOVEC_BYTES
      iovecView.setBigUint64(iovec, octets + BigInt(index * SLOT_BYTES), true)
      iovecView.setBigUint64(iovec + 8, BigInt(SLOT_BYTES), true)
      headerView.setBigUint64(header, names + BigInt(index * SOCKADDR_BYTES), true)
      headerView.setUint32(header + 8, SOCKADDR_BYTES, true)
      headerView.setBigUint64(header + 16, iovecs + BigInt(iovec), true)
      headerView.setBigUint64(header + 24, 1n, true)
    }
  }

  /** Octets received into a slot; what was longer is cut off at {@link SLOT_BYTES}. */
  receivedBytes(slot: number): number {
    return this.#headerWords[slot * HEADER_WORDS + RECEIVED_WORD] ?? 0
  }

  /** Whether the datagram in a slot was longer than {@link SLOT_BYTES}. */
  wasCut(slot: number): boolean {
    return ((this.#headerWords[slot * HEADER_WORDS + FLAGS_WORD] ?? 0) & MSG_TRUNC) !== 0
  }

  /** Sets how many octets of a slot are to be sent, to an address of so many octets; none on a connected socket. */
  setLengths(slot: number, bytes: number, nameBytes: number): void {
    this.#iovecWords[slot * IOVEC_WORDS + LENGTH_WORD] = bytes
    this.#headerWords[slot * HEADER_WORDS + NAME_LENGTH_WORD] = nameBytes
  }

  /** What {@link setLengths} set, in octets. */
  lengthToSend(slot: number): number {
    return this.#iovecWords[slot * IOVEC_WORDS + LENGTH_WORD] ?? 0
  }

  /** Receives without waiting into the slots from `first` on; how many, or -1 with errno. Lengths must be full. */
  receive(fd: number, first: number): number {
    const headers = this.#headersFrom[first]
    if (headers === undefined) return 0
    return this.#libc.recvmmsg(fd, headers, BATCH_SIZE - first, MSG_DONTWAIT, null)
  }

  /** Makes the slots up to, but not including, `used` ready to receive again: the kernel wrote lengths into the headers. */
  rearm(used: number): void {
    for (let slot = 0; slot < used; slot += 1) {
      this.#headerWords[slot * HEADER_WORDS + NAME_LENGTH_WORD] = SOCKADDR_BYTES
    }
  }

  /** Sends the slots `first` up to, but not including, `end`; how many went out, or -1 with errno. */
  send(fd: number, first: number, end: number): number {
    const headers = this.#headersFrom[first]
    if (headers === undefined) return 0
    return this.#libc.sendmmsg(fd, headers, end - first, MSG_DONTWAIT)
  }
}

/** Memory of its own outside the heap: small Buffers share a pool, and objects on the heap move. */
function pinned(bytes: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(bytes))
}
