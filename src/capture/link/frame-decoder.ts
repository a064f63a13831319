// From a frame to the packets in it: link header, VLAN tags, IPv4 and IPv6 with extension headers, fragments, tunnels.
// Hot path: offsets into the frame's octets, one packet object. Nothing here knows DNS.
import type { Frame } from '../frame.ts'
import { FragmentTable } from '../stream/fragment-table.ts'
import type { LostFragments } from '../stream/fragment-table.ts'
import { AddressTable } from './address-table.ts'
import { LINK_ETHERNET, LINK_LOOP, LINK_NULL, LINK_SLL, LINK_SLL2, isRawIp } from './link-types.ts'
import { createPacket } from './packet.ts'
import type { LinkCounters, Packet, PacketSink, Tunnel, TunnelKind } from './packet.ts'
import { PathTable } from './path-table.ts'
import { findTunnel, uint16, uint32 } from './tunnel.ts'

const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE_IPV6 = 0x86dd
const TRANSPARENT_ETHERNET = 0x6558
/** 802.1Q, 802.1ad, and the number that QinQ had before. */
const VLAN_TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100]

const ICMP = 1
const IPIP = 4
const TCP = 6
const UDP = 17
const IPV6_IN_IP = 41
const IPV6_FRAGMENT = 44
const GRE = 47
const ICMPV6 = 58

/** Tunnels in tunnels that are followed. */
const TUNNEL_EXAMPLES = 5
const MAX_DEPTH = 4

/** Tunnel kinds and the octets inside, as {@link FrameDecoder} goes on with them. */
interface Inner {
  readonly kind: TunnelKind
  readonly port: number
  readonly network: number
  /** EtherType of what begins at `start`. */
  readonly type: number
  readonly start: number
}

/** Takes frames apart; hands packets to a sink. */
export class FrameDecoder {
  readonly addresses: AddressTable = new AddressTable()
  readonly paths: PathTable = new PathTable()
  readonly tunnels: Map<string, Tunnel> = new Map()
  readonly counters: LinkCounters = { otherFrames: 0, badFrames: 0, incompleteDatagrams: 0 }
  readonly #fragments: FragmentTable
  readonly #sink: PacketSink
  readonly #packet: Packet = createPacket()
  #depth = 0
  #interface = 0
  #direction = 0
  #wireMissing = 0

  constructor(sink: PacketSink, onLostFragments: (lost: LostFragments) => void) {
    this.#sink = sink
    this.#fragments = new FragmentTable((lost) => {
      this.counters.incompleteDatagrams += 1
      onLostFragments(lost)
    })
  }

  /** Ends the capture: what still waits for fragments is lost. @param atMicros time of the last frame */
  finish(atMicros: number): void {
    this.#fragments.finish(atMicros)
  }

  /** Decodes a frame; the sink is called once for each packet that it holds or completes. */
  decode(frame: Frame): void {
    const packet = this.#packet
    packet.frame = frame.number
    packet.atMicros = frame.atMicros
    packet.octets = frame.octets
    packet.end = frame.end
    packet.tunnel = undefined
    packet.isCoarsePath = false
    this.#depth = 0
    this.#interface = frame.interfaceIndex
    this.#direction = frame.direction
    this.#wireMissing = Math.max(0, frame.wireBytes - (frame.end - frame.start))
    const { octets, start, end } = frame
    switch (frame.linkType) {
      case LINK_ETHERNET:
        this.#ethernet(octets, start, end)
        return
      case LINK_SLL2:
        // protocol u16 | reserved u16 | ifindex u32 | ARPHRD u16 | packet type u8 | address length u8 | address, 8 octets
        if (end - start < 20) break
        this.#interface = 0x10000 + (uint32(octets, start + 4) & 0xffffff)
        this.#direction = octets[start + 10] === 4 ? 2 : 1
        this.#network(uint16(octets, start), start + 20)
        return
      case LINK_SLL:
        // packet type u16 | ARPHRD u16 | address length u16 | address, 8 octets | protocol u16
        if (end - start < 16) break
        this.#direction = uint16(octets, start) === 4 ? 2 : 1
        packet.isCoarsePath = true
        this.#network(uint16(octets, start + 14), start + 16)
        return
      case LINK_NULL:
      case LINK_LOOP: {
        // The address family in the capturing host's order (LOOP: network order): 2, or one of IPv6's many numbers.
        if (end - start < 5) break
        this.#rawIp(octets, start + 4)
        return
      }
      default:
        if (isRawIp(frame.linkType)) this.#rawIp(octets, start)
        else this.counters.otherFrames += 1
        return
    }
    this.counters.badFrames += 1
  }

  #ethernet(octets: Uint8Array, start: number, end: number): void {
    if (end - start < 14) {
      this.counters.badFrames += 1
      return
    }
    this.#network(uint16(octets, start + 12), start + 14)
  }

  #rawIp(octets: Uint8Array, start: number): void {
    const version = (octets[start] ?? 0) >>> 4
    this.#network(version === 6 ? ETHERTYPE_IPV6 : version === 4 ? ETHERTYPE_IPV4 : 0, start)
  }

  /** What begins at `start` has this EtherType; tags are stepped over. */
  #network(etherType: number, start: number): void {
    const { octets, end } = this.#packet
    let type = etherType
    let at = start
    while (VLAN_TAGS.includes(type) && end - at >= 4) {
      type = uint16(octets, at + 2)
      at += 4
    }
    if (type === ETHERTYPE_IPV4) this.#ipv4(octets, at)
    else if (type === ETHERTYPE_IPV6) this.#ipv6(octets, at)
    else if (type === TRANSPARENT_ETHERNET) this.#ethernet(octets, at, end)
    else this.counters.otherFrames += 1
  }

  // --- IPv4 (RFC 791 §3.1) ---

  #ipv4(octets: Uint8Array, at: number): void {
    const packet = this.#packet
    const room = packet.end - at
    const headerLength = ((octets[at] ?? 0) & 15) * 4
    if (room < 20 || (octets[at] ?? 0) >>> 4 !== 4 || headerLength < 20 || room < headerLength) {
      this.counters.badFrames += 1
      return
    }
    // Zero: the sender left segmentation to the network card; then the frame's own length counts.
    const total = uint16(octets, at + 2)
    const length = total === 0 ? room + this.#wireMissing : total
    if (length < headerLength) {
      this.counters.badFrames += 1
      return
    }
    packet.isV6 = false
    packet.source = this.addresses.idOfV4(octets, at + 12)
    packet.destination = this.addresses.idOfV4(octets, at + 16)
    packet.missing = Math.max(0, length - room)
    // Ethernet pads short frames.
    packet.end = Math.min(packet.end, at + length)
    const fragment = uint16(octets, at + 6)
    const protocol = octets[at + 9] ?? 0
    if ((fragment & 0x3fff) === 0) {
      this.#transport(protocol, at + headerLength)
      return
    }
    this.#fragment(protocol, at + headerLength, {
      id: uint16(octets, at + 4),
      offset: (fragment & 0x1fff) * 8,
      hasMore: (fragment & 0x2000) !== 0,
    })
  }

  // --- IPv6 (RFC 8200 §4) ---

  #ipv6(octets: Uint8Array, at: number): void {
    const packet = this.#packet
    const room = packet.end - at
    if (room < 40 || (octets[at] ?? 0) >>> 4 !== 6) {
      this.counters.badFrames += 1
      return
    }
    const payload = uint16(octets, at + 4)
    const length = payload === 0 ? room + this.#wireMissing : 40 + payload
    packet.isV6 = true
    packet.source = this.addresses.idOfV6(octets, at + 8)
    packet.destination = this.addresses.idOfV6(octets, at + 24)
    packet.missing = Math.max(0, length - room)
    packet.end = Math.min(packet.end, at + length)
    let next = octets[at + 6] ?? 0
    let offset = at + 40
    // Hop-by-hop 0, routing 43, destination options 60, mobility 135: length in units of 8 octets; authentication 51 in 4.
    for (let count = 0; count < 16; count += 1) {
      if (next !== 0 && next !== 43 && next !== 60 && next !== 135 && next !== 51 && next !== IPV6_FRAGMENT) {
        this.#transport(next, offset)
        return
      }
      if (packet.end - offset < 8) break
      const header = next
      next = octets[offset] ?? 0
      if (header === IPV6_FRAGMENT) {
        const field = uint16(octets, offset + 2)
        const part = { id: uint32(octets, offset + 4), offset: field & 0xfff8, hasMore: (field & 1) !== 0 }
        offset += 8
        if (part.offset === 0 && !part.hasMore) continue
        this.#fragment(next, offset, part)
        return
      }
      const units = octets[offset + 1] ?? 0
      offset += header === 51 ? (units + 2) * 4 : (units + 1) * 8
    }
    this.counters.badFrames += 1
  }

  #fragment(protocol: number, start: number, part: { id: number; offset: number; hasMore: boolean }): void {
    const packet = this.#packet
    const whole = this.#fragments.add(packet, { protocol, start, path: this.#path(), ...part })
    if (whole === undefined) return
    const { octets, end } = packet
    packet.octets = whole
    packet.end = whole.length
    packet.missing = 0
    this.#transport(protocol, 0)
    packet.octets = octets
    packet.end = end
  }

  // --- Transport ---

  #transport(protocol: number, start: number): void {
    const packet = this.#packet
    switch (protocol) {
      case UDP:
        this.#udp(start)
        return
      case TCP:
        this.#tcp(start)
        return
      case ICMP:
      case ICMPV6:
        if (packet.end - start < 8) break
        packet.icmpType = packet.octets[start] ?? 0
        packet.icmpCode = packet.octets[start + 1] ?? 0
        packet.start = start + 4
        packet.path = this.#path()
        this.#sink.icmp(packet)
        return
      case IPIP:
      case IPV6_IN_IP: {
        const type = protocol === IPIP ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6
        this.#enter({ kind: 'ipip', port: 0, network: 0, type, start })
        return
      }
      case GRE:
        this.#gre(start)
        return
      default:
        this.counters.otherFrames += 1
        return
    }
    this.counters.badFrames += 1
  }

  #udp(start: number): void {
    const packet = this.#packet
    const { octets } = packet
    if (packet.end - start < 8) {
      this.counters.badFrames += 1
      return
    }
    packet.sourcePort = uint16(octets, start)
    packet.destinationPort = uint16(octets, start + 2)
    packet.start = start + 8
    const length = uint16(octets, start + 4)
    if (length >= 8 && start + length < packet.end) packet.end = start + length
    packet.path = this.#path()
    const tunnel = findTunnel(packet)
    if (tunnel === undefined) this.#sink.udp(packet)
    else this.#enter({ ...tunnel, port: packet.destinationPort })
  }

  #tcp(start: number): void {
    const packet = this.#packet
    const { octets } = packet
    const headerLength = ((octets[start + 12] ?? 0) >>> 4) * 4
    if (packet.end - start < 20 || headerLength < 20) {
      this.counters.badFrames += 1
      return
    }
    packet.sourcePort = uint16(octets, start)
    packet.destinationPort = uint16(octets, start + 2)
    packet.sequence = uint32(octets, start + 4)
    packet.acknowledgment = uint32(octets, start + 8)
    packet.tcpFlags = octets[start + 13] ?? 0
    packet.start = Math.min(start + headerLength, packet.end)
    packet.path = this.#path()
    this.#sink.tcp(packet)
  }

  // RFC 2784, RFC 2890: flags and version u16 | protocol u16 | checksum u32? | key u32? | sequence u32?
  #gre(start: number): void {
    const { octets, end } = this.#packet
    const flags = uint16(octets, start)
    const key = start + 4 + ((flags & 0x8000) === 0 ? 0 : 4)
    const inner = key + ((flags & 0x2000) === 0 ? 0 : 4) + ((flags & 0x1000) === 0 ? 0 : 4)
    if (end - start < 4 || (flags & 7) !== 0 || inner > end) {
      this.counters.otherFrames += 1
      return
    }
    const network = (flags & 0x2000) === 0 ? 0 : uint32(octets, key)
    this.#enter({ kind: 'gre', port: 0, network, type: uint16(octets, start + 2), start: inner })
  }

  // --- Tunnels ---

  #enter({ kind, port, network, type, start }: Inner): void {
    const packet = this.#packet
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) {
      this.counters.badFrames += 1
      return
    }
    const key = `${kind} ${packet.source} ${packet.destination}`
    let tunnel = this.tunnels.get(key)
    if (tunnel === undefined && this.tunnels.size < 65_536) {
      tunnel = {
        kind,
        source: packet.source,
        destination: packet.destination,
        port,
        network,
        index: this.tunnels.size + 1,
        packets: 0,
        firstFrames: [],
        lastFrame: packet.frame,
        firstAtMicros: packet.atMicros,
        lastAtMicros: packet.atMicros,
      }
      this.tunnels.set(key, tunnel)
    }
    if (tunnel !== undefined) {
      tunnel.packets += 1
      if (tunnel.firstFrames.length < TUNNEL_EXAMPLES) tunnel.firstFrames.push(packet.frame)
      tunnel.lastFrame = packet.frame
      tunnel.lastAtMicros = packet.atMicros
    }
    packet.tunnel = tunnel
    this.#network(type, start)
  }

  #path(): number {
    return this.paths.idOf(this.#interface * 4 + this.#direction, this.#packet.tunnel?.index ?? 0)
  }
}
