// ICMP errors about DNS packets and tunnels: what they say, who says so, and about which packet. They carry the start of that packet
// (RFC 792, RFC 4443 §3); it is never counted as a query.
import type { AddressId, AddressTable, Packet } from '../capture/index.ts'

export type IcmpMeaning = 'admin-prohibited' | 'fragmentation-needed' | 'other' | 'port-unreachable' | 'unreachable'

/** Errors of one kind, from one sender, about packets between two addresses. */
export interface IcmpError {
  readonly version: 4 | 6
  readonly type: number
  readonly code: number
  readonly meaning: IcmpMeaning
  readonly sender: AddressId
  /** Of the packet that the error is about. */
  readonly source: AddressId
  readonly destination: AddressId
  readonly protocol: 'other' | 'tcp' | 'udp'
  readonly sourcePort: number
  readonly destinationPort: number
  /** The MTU that fragmentation-needed and packet-too-big tell; 0 without. */
  readonly mtu: number
  count: number
  /** The first few. */
  readonly frames: number[]
  readonly firstAtMicros: number
  lastAtMicros: number
}

const MAX_KINDS = 4096
const MAX_FRAMES = 5
const COPY_MICROS = 50_000

/** What the rest of the analysis knows about the packet that an error carries. */
export interface CarriedPackets {
  /** Whether errors about packets on these ports are kept. */
  readonly isInteresting: (sourcePort: number, destinationPort: number) => boolean
  /** The number of the transaction of a query that did not arrive; 0 for none. */
  readonly rejected: (query: CarriedDatagram) => number
  /** Every error that ends a transaction, copies too. */
  readonly onRejection: (number: number, meaning: IcmpMeaning, isCopy: boolean) => void
}

/** A UDP datagram in an error: where its payload lies in the error's octets. */
export interface CarriedDatagram {
  readonly source: AddressId
  readonly destination: AddressId
  readonly sourcePort: number
  readonly destinationPort: number
  readonly payload: number
}

/** Collects ICMP errors; copies at other places and behind NAT are not counted again: the first is the one of who sent it. */
export class IcmpErrors {
  readonly all: Map<string, IcmpError> = new Map()
  readonly #addresses: AddressTable
  /** When an error about a packet, told by its ports and checksum, was seen last. */
  readonly #recent = new Map<string, number>()

  constructor(addresses: AddressTable) {
    this.#addresses = addresses
  }

  take(packet: Packet, { isInteresting, rejected, onRejection }: CarriedPackets): void {
    const meaning = meaningOf(packet)
    if (meaning === undefined) return
    const inner = this.#readInner(packet)
    if (inner === undefined || !isInteresting(inner.sourcePort, inner.destinationPort)) return
    const { source, destination, protocol, sourcePort, destinationPort, serial } = inner
    const isRejection = protocol === 'udp' && meaning !== 'fragmentation-needed' && meaning !== 'other'
    const number = isRejection ? rejected(inner) : 0
    // NAT changes addresses and ports, not whose query it is.
    const again = number === 0 ? `${packet.source} ${sourcePort} ${destinationPort} ${serial}` : `transaction ${number}`
    const last = this.#recent.get(again)
    this.#recent.delete(again)
    this.#recent.set(again, packet.atMicros)
    if (this.#recent.size > 1024) this.#recent.clear()
    const isCopy = last !== undefined && Math.abs(packet.atMicros - last) < COPY_MICROS
    if (number !== 0) onRejection(number, meaning, isCopy)
    if (isCopy) return
    // The port of the service alone: the other one changes with each query.
    const ports = sourcePort < destinationPort ? `${sourcePort} *` : `* ${destinationPort}`
    const key = `${packet.icmpType} ${packet.icmpCode} ${packet.source} ${source} ${destination} ${protocol} ${ports}`
    const known = this.all.get(key)
    if (known !== undefined) {
      known.count += 1
      known.lastAtMicros = packet.atMicros
      if (known.frames.length < MAX_FRAMES) known.frames.push(packet.frame)
      return
    }
    if (this.all.size >= MAX_KINDS) return
    const mtu = meaning !== 'fragmentation-needed' ? 0 : uint16(packet.octets, packet.start + 2)
    this.all.set(key, {
      version: packet.isV6 ? 6 : 4,
      type: packet.icmpType,
      code: packet.icmpCode,
      meaning,
      sender: packet.source,
      source,
      destination,
      protocol,
      sourcePort,
      destinationPort,
      mtu,
      count: 1,
      frames: [packet.frame],
      firstAtMicros: packet.atMicros,
      lastAtMicros: packet.atMicros,
    })
  }

  #readInner({ octets, start, end, isV6 }: Packet): Inner | undefined {
    const at = start + 4
    const headerLength = isV6 ? 40 : ((octets[at] ?? 0) & 15) * 4
    const transport = at + headerLength
    if (end - at < headerLength + 8 || headerLength < 20 || (octets[at] ?? 0) >>> 4 !== (isV6 ? 6 : 4)) return undefined
    const number = isV6 ? octets[at + 6] : octets[at + 9]
    return {
      source: isV6 ? this.#addresses.idOfV6(octets, at + 8) : this.#addresses.idOfV4(octets, at + 12),
      destination: isV6 ? this.#addresses.idOfV6(octets, at + 24) : this.#addresses.idOfV4(octets, at + 16),
      protocol: number === 17 ? 'udp' : number === 6 ? 'tcp' : 'other',
      sourcePort: uint16(octets, transport),
      destinationPort: uint16(octets, transport + 2),
      payload: transport + 8,
      serial: number === 17 && end - transport >= 10 ? uint16(octets, transport + 8) : uint16(octets, transport + 6),
    }
  }
}

interface Inner extends CarriedDatagram {
  readonly protocol: 'other' | 'tcp' | 'udp'
  /** The DNS id where it is there; tells copies from errors about other packets. */
  readonly serial: number
}

/** What an error means; undefined for messages that are no error about a packet. */
function meaningOf({ icmpType, icmpCode, isV6 }: Packet): IcmpMeaning | undefined {
  if (isV6) {
    if (icmpType === 2) return 'fragmentation-needed'
    if (icmpType === 3 || icmpType === 4) return 'other'
    if (icmpType !== 1) return undefined
    if (icmpCode === 4) return 'port-unreachable'
    return icmpCode === 1 || icmpCode === 5 || icmpCode === 6 ? 'admin-prohibited' : 'unreachable'
  }
  if (icmpType === 11 || icmpType === 12) return 'other'
  if (icmpType !== 3) return undefined
  if (icmpCode === 3) return 'port-unreachable'
  if (icmpCode === 4) return 'fragmentation-needed'
  return icmpCode === 9 || icmpCode === 10 || icmpCode === 13 ? 'admin-prohibited' : 'unreachable'
}

function uint16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
}
