// Whether a UDP datagram carries frames: VXLAN and Geneve, told by their headers. Hot path.
//   VXLAN (RFC 7348 §5):   flags u8, I = 0x08 | 0 u24 | network u24 | 0 u8
//   Geneve (RFC 8926 §3.4): version 2 bits, option length 6 bits in units of 4 octets | flags u8 | protocol u16 | network u24 | 0 u8
import type { Packet, TunnelKind } from './packet.ts'

const VXLAN_HEADER = 8
const GENEVE_HEADER = 8
const GENEVE_PORT = 6081
const TRANSPARENT_ETHERNET = 0x6558

export interface UdpTunnel {
  readonly kind: TunnelKind
  readonly network: number
  /** EtherType of what begins at `start`. */
  readonly type: number
  readonly start: number
}

/** The tunnel header at a datagram's payload; undefined when it is none. */
export function findTunnel({ octets, start, end, destinationPort, sourcePort }: Packet): UdpTunnel | undefined {
  if (destinationPort === 53 || sourcePort === 53 || end - start < VXLAN_HEADER) return undefined
  if (octets[start] === 8 && looksLikeVxlan(octets, start, end)) {
    const network = uint32(octets, start + 4) >>> 8
    return { kind: 'vxlan', network, type: TRANSPARENT_ETHERNET, start: start + VXLAN_HEADER }
  }
  if (destinationPort !== GENEVE_PORT || (octets[start] ?? 0) >>> 6 !== 0) return undefined
  const options = ((octets[start] ?? 0) & 0x3f) * 4
  const inner = start + GENEVE_HEADER + options
  if (inner > end || octets[start + 7] !== 0) return undefined
  return { kind: 'geneve', network: uint32(octets, start + 4) >>> 8, type: uint16(octets, start + 2), start: inner }
}

/** The I flag alone, zeros where zeros must be, and an Ethernet frame of IP, ARP or VLAN inside. */
function looksLikeVxlan(octets: Uint8Array, start: number, end: number): boolean {
  if (octets[start + 1] !== 0 || octets[start + 2] !== 0 || octets[start + 3] !== 0 || octets[start + 7] !== 0)
    return false
  if (end - start < VXLAN_HEADER + 14) return false
  const type = uint16(octets, start + VXLAN_HEADER + 12)
  return type === 0x0800 || type === 0x86dd || type === 0x0806 || type === 0x8100
}

export function uint16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
}

export function uint32(octets: Uint8Array, at: number): number {
  return (
    (((octets[at] ?? 0) << 24) |
      ((octets[at + 1] ?? 0) << 16) |
      ((octets[at + 2] ?? 0) << 8) |
      (octets[at + 3] ?? 0)) >>>
    0
  )
}
