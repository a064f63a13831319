// One IP packet as the frame decoder hands it on. Hot path: one object, filled again for every packet; its octets are the
// chunk's, or those of a reassembled datagram.
import type { AddressId } from './address-table.ts'

export interface Packet {
  /** Number of the frame it came in, or whose arrival completed it. */
  frame: number
  atMicros: number
  /** Number of the place it was seen at: interface, direction and encapsulation together; from 0. */
  path: number
  /** The link type does not tell interfaces apart, so that one path may be several. */
  isCoarsePath: boolean
  source: AddressId
  destination: AddressId
  sourcePort: number
  destinationPort: number
  octets: Uint8Array
  /** First octet after the transport header; of ICMP after type, code and checksum. */
  start: number
  /** First octet after the payload as far as it was captured. */
  end: number
  /** Octets of payload that are missing because of the snap length, or because only the first fragment is there. */
  missing: number
  /** Only TCP. */
  sequence: number
  acknowledgment: number
  /** FIN 1, SYN 2, RST 4, PSH 8, ACK 16. */
  tcpFlags: number
  /** Only ICMP. */
  icmpType: number
  icmpCode: number
  isV6: boolean
  /** The tunnel it came through; undefined outside. */
  tunnel: Tunnel | undefined
}

export type TunnelKind = 'vxlan' | 'geneve' | 'gre' | 'ipip'

/** Packets that one tunnel endpoint sent to another. */
export interface Tunnel {
  readonly kind: TunnelKind
  readonly source: AddressId
  readonly destination: AddressId
  /** UDP port; 0 for what has none. */
  readonly port: number
  /** Network identifier of the first packet; 0 for what has none. */
  readonly network: number
  /** Unlike for each pair of endpoints and kind, from 1. */
  readonly index: number
  packets: number
  /** The first few, and the last. */
  readonly firstFrames: number[]
  lastFrame: number
  readonly firstAtMicros: number
  lastAtMicros: number
}

/** Takes packets; what is of no interest may be empty. */
export interface PacketSink {
  udp(packet: Packet): void
  tcp(packet: Packet): void
  icmp(packet: Packet): void
}

/** What was seen besides packets for the sink. */
export interface LinkCounters {
  /** Frames of link types or network protocols that are not read. */
  otherFrames: number
  /** Frames whose headers are cut or contradict each other. */
  badFrames: number
  /** Fragments that never came together. */
  incompleteDatagrams: number
}

export function createPacket(): Packet {
  return {
    frame: 0,
    atMicros: 0,
    path: 0,
    isCoarsePath: false,
    source: 0,
    destination: 0,
    sourcePort: 0,
    destinationPort: 0,
    octets: new Uint8Array(0),
    start: 0,
    end: 0,
    missing: 0,
    sequence: 0,
    acknowledgment: 0,
    tcpFlags: 0,
    icmpType: 0,
    icmpCode: 0,
    isV6: false,
    tunnel: undefined,
  }
}
