// An AF_PACKET socket (packet(7)): packets of one interface or of all, without their link header, in batches. The kernel's time of
// each packet comes as a control message. Every buffer whose address the kernel holds is a field: it lives as long as the socket.
//   sockaddr_ll, 20 octets: family u16 | protocol u16 BE | ifindex i32 | ARPHRD u16 | packet type u8 | address length u8 | address 8
//   cmsghdr: length u64 | level i32 | type i32, then timespec: seconds i64 | nanoseconds i64
import { setSocketOption } from './bound-socket.ts'
import type { Libc } from './libc.ts'
import { SystemCallError } from './system-call-error.ts'

const AF_PACKET = 17
const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_ATTACH_FILTER = 26
const SO_RCVBUFFORCE = 33
const SO_TIMESTAMPNS = 35
const SOL_PACKET = 263
const PACKET_STATISTICS = 6
const ETH_P_ALL = 0x0300
const MSG_DONTWAIT = 0x40
const EAGAIN = 11

const BATCH = 128
/** Segments that the network card is to cut are up to 64 KB. */
const SLOT_BYTES = 65_536
const NAME_BYTES = 32
const CONTROL_BYTES = 64
const HEADER_BYTES = 64
const HEADER_WORDS = 16
const BUFFER_BYTES = 64 << 20

export interface PacketSocketOptions {
  /** 0: all interfaces. */
  readonly interfaceIndex: number
  /** Classic BPF, 8 octets an instruction (sock_filter); it sees packets from the network header on. Empty: everything. */
  readonly filter: Uint8Array
}

/** One packet; valid while the sink runs. */
export interface CapturedPacket {
  octets: Uint8Array
  start: number
  end: number
  /** Microseconds since the epoch. */
  atMicros: number
  /** EtherType. */
  protocol: number
  interfaceIndex: number
  /** ARPHRD_ number. */
  hardwareType: number
  /** 0 to this host, 1 broadcast, 2 multicast, 3 to another host, 4 sent by this host. */
  packetType: number
  /** Where the sender's link address stands in `names`; 8 octets. */
  names: Uint8Array
  nameStart: number
}

/** Receives packets; not for the event loop to wait on: ask again when there were none. */
export class PacketSocket {
  readonly #libc: Libc
  readonly #fd: number
  readonly #octets = new Uint8Array(new ArrayBuffer(BATCH * SLOT_BYTES))
  readonly #names = new Uint8Array(new ArrayBuffer(BATCH * NAME_BYTES))
  readonly #controls = new Uint8Array(new ArrayBuffer(BATCH * CONTROL_BYTES))
  readonly #controlView = new DataView(this.#controls.buffer)
  readonly #iovecs = new Uint8Array(new ArrayBuffer(BATCH * 16))
  readonly #headers = new Uint8Array(new ArrayBuffer(BATCH * HEADER_BYTES))
  readonly #headerWords = new Uint32Array(this.#headers.buffer)
  readonly #packet: CapturedPacket

  /** @throws {SystemCallError} `EPERM` without CAP_NET_RAW; `ENODEV` for an interface that is gone */
  constructor(libc: Libc, options: PacketSocketOptions) {
    this.#libc = libc
    this.#packet = {
      octets: this.#octets,
      start: 0,
      end: 0,
      atMicros: 0,
      protocol: 0,
      interfaceIndex: 0,
      hardwareType: 0,
      packetType: 0,
      names: this.#names,
      nameStart: 0,
    }
    this.#fd = open(libc, options)
    this.#fillHeaders()
  }

  /** Hands on what is there, up to a batch. @returns how many packets */
  receive(sink: (packet: CapturedPacket) => void): number {
    const count = this.#libc.recvmmsg(this.#fd, this.#headers, BATCH, MSG_DONTWAIT, null)
    if (count < 0) {
      const errno = this.#libc.errno()
      if (errno === EAGAIN) return 0
      throw new SystemCallError('recvmmsg', errno)
    }
    const packet = this.#packet
    const names = this.#names
    for (let slot = 0; slot < count; slot += 1) {
      const name = slot * NAME_BYTES
      const length = this.#headerWords[slot * HEADER_WORDS + 14] ?? 0
      packet.start = slot * SLOT_BYTES
      packet.end = packet.start + Math.min(length, SLOT_BYTES)
      packet.protocol = ((names[name + 2] ?? 0) << 8) | (names[name + 3] ?? 0)
      packet.interfaceIndex = (names[name + 4] ?? 0) | ((names[name + 5] ?? 0) << 8) | ((names[name + 6] ?? 0) << 16)
      packet.hardwareType = (names[name + 8] ?? 0) | ((names[name + 9] ?? 0) << 8)
      packet.packetType = names[name + 10] ?? 0
      packet.nameStart = name + 12
      packet.atMicros = this.#timeOf(slot)
      this.#rearm(slot)
      sink(packet)
    }
    return count
  }

  /** Packets that found no room since the last call. */
  takeDropped(): number {
    const value = new Uint8Array(8)
    const length = Uint8Array.of(8, 0, 0, 0)
    if (this.#libc.getsockopt(this.#fd, SOL_PACKET, PACKET_STATISTICS, value, length) !== 0) return 0
    return new DataView(value.buffer).getUint32(4, true)
  }

  close(): void {
    this.#libc.close(this.#fd)
  }

  #timeOf(slot: number): number {
    const at = slot * CONTROL_BYTES
    const view = this.#controlView
    if (view.getInt32(at + 8, true) !== SOL_SOCKET || view.getInt32(at + 12, true) !== SO_TIMESTAMPNS)
      return Date.now() * 1000
    const seconds = view.getUint32(at + 16, true) + view.getUint32(at + 20, true) * 4_294_967_296
    return seconds * 1e6 + Math.trunc(view.getUint32(at + 24, true) / 1000)
  }

  /** The kernel wrote lengths over what it was told. */
  #rearm(slot: number): void {
    const word = slot * HEADER_WORDS
    this.#headerWords[word + 2] = NAME_BYTES
    this.#headerWords[word + 10] = CONTROL_BYTES
    this.#headerWords[word + 12] = 0
  }

  #fillHeaders(): void {
    const library = this.#libc
    const [octets, names, controls, iovecs] = [this.#octets, this.#names, this.#controls, this.#iovecs].map((buffer) =>
      library.addressOf(buffer),
    )
    const headerView = new DataView(this.#headers.buffer)
    const iovecView = new DataView(this.#iovecs.buffer)
    for (let slot = 0; slot < BATCH; slot += 1) {
      const header = slot * HEADER_BYTES
      iovecView.setBigUint64(slot * 16, (octets ?? 0n) + BigInt(slot * SLOT_BYTES), true)
      iovecView.setBigUint64(slot * 16 + 8, BigInt(SLOT_BYTES), true)
      headerView.setBigUint64(header, (names ?? 0n) + BigInt(slot * NAME_BYTES), true)
      headerView.setBigUint64(header + 16, (iovecs ?? 0n) + BigInt(slot * 16), true)
      headerView.setBigUint64(header + 24, 1n, true)
      headerView.setBigUint64(header + 32, (controls ?? 0n) + BigInt(slot * CONTROL_BYTES), true)
      headerView.setBigUint64(header + 40, BigInt(CONTROL_BYTES), true)
      this.#rearm(slot)
    }
  }
}

function open(libc: Libc, { interfaceIndex, filter }: PacketSocketOptions): number {
  // Protocol 0: nothing is received before the filter is in place and the socket is bound.
  const fd = libc.socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw new SystemCallError('socket', libc.errno())
  if (!setSocketOption(libc, fd, { level: SOL_SOCKET, name: SO_RCVBUFFORCE, value: BUFFER_BYTES })) {
    setSocketOption(libc, fd, { level: SOL_SOCKET, name: SO_RCVBUF, value: BUFFER_BYTES })
  }
  setSocketOption(libc, fd, { level: SOL_SOCKET, name: SO_TIMESTAMPNS, value: 1 })
  if (filter.length > 0) {
    // sock_fprog: count u16, padding, address.
    const octets = new Uint8Array(new ArrayBuffer(filter.length))
    octets.set(filter)
    const program = new DataView(new ArrayBuffer(16))
    program.setUint16(0, filter.length / 8, true)
    program.setBigUint64(8, libc.addressOf(octets), true)
    if (libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(program.buffer), 16) !== 0) {
      throw closed('setsockopt')
    }
  }
  const address = new DataView(new ArrayBuffer(20))
  address.setUint16(0, AF_PACKET, true)
  address.setUint16(2, ETH_P_ALL, true)
  address.setInt32(4, interfaceIndex, true)
  if (libc.bind(fd, new Uint8Array(address.buffer), 20) !== 0) throw closed('bind')
  return fd

  function closed(call: string): SystemCallError {
    const errno = libc.errno()
    libc.close(fd)
    return new SystemCallError(call, errno)
  }
}
