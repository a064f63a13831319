// Netlink's framing (netlink(7)), octets only.
//   nlmsghdr, 16 octets: length u32 | type u16 | flags u16 | sequence u32 | port u32; then the message's own header, then attributes
//   nlattr: length u16 with these four octets | type u16 | value, filled up to a multiple of four

/** `route`: links, addresses, routes. `netfilter`: connection tracking, packet queues. */
export type NetlinkProtocol = 'netfilter' | 'route'

export const NETLINK_PROTOCOLS: Readonly<Record<NetlinkProtocol, number>> = { route: 0, netfilter: 12 }
const HEADER_BYTES = 16
const ATTRIBUTE_HEADER_BYTES = 4
/** The upper two bits of a type say how the value is written, not what it is. */
const TYPE_MASK = 0x3fff
const NESTED = 0x8000

export interface NetlinkMessage {
  /** Such as RTM_GETLINK. */
  readonly type: number
  /** NLM_F_ bits; default: none. */
  readonly flags?: number
  /** The message's own header and its attributes. */
  readonly body: Uint8Array
}

/** Puts the nlmsghdr before a message. */
export function frameNetlink({ type, flags = 0, body }: NetlinkMessage): Uint8Array {
  const framed = new Uint8Array(HEADER_BYTES + body.length)
  const view = new DataView(framed.buffer)
  view.setUint32(0, framed.length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, flags, true)
  view.setUint32(8, 1, true)
  framed.set(body, HEADER_BYTES)
  return framed
}

/** Hands over each message of what was read, without its nlmsghdr; what is cut off ends it. */
export function readNetlinkMessages(view: DataView, sink: (type: number, message: DataView) => void): void {
  for (let at = 0; at + HEADER_BYTES <= view.byteLength;) {
    const length = view.getUint32(at, true)
    if (length < HEADER_BYTES || at + length > view.byteLength) return
    const start = view.byteOffset + at + HEADER_BYTES
    sink(view.getUint16(at + 4, true), new DataView(view.buffer, start, length - HEADER_BYTES))
    at += filledUp(length)
  }
}

// --- Attributes ---

/** Values by their type; of a repeated type the last one. */
export type Attributes = ReadonlyMap<number, DataView>

/** Reads the attributes behind a header of so many octets; what is cut off ends them. */
export function readAttributes(view: DataView, start = 0): Attributes {
  const found = new Map<number, DataView>()
  for (let at = start; at + ATTRIBUTE_HEADER_BYTES <= view.byteLength;) {
    const length = view.getUint16(at, true)
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > view.byteLength) break
    const value = new DataView(view.buffer, view.byteOffset + at + ATTRIBUTE_HEADER_BYTES, length - 4)
    found.set(view.getUint16(at + 2, true) & TYPE_MASK, value)
    at += filledUp(length)
  }
  return found
}

/** One attribute to write: octets, or attributes inside it. */
export type Attribute = readonly [type: number, value: Uint8Array | readonly Attribute[]]

/** Writes attributes behind a header. */
export function encodeAttributes(header: Uint8Array, attributes: readonly Attribute[]): Uint8Array {
  const parts = [header]
  for (const [type, value] of attributes) {
    const isNested = !(value instanceof Uint8Array)
    const octets = isNested ? encodeAttributes(new Uint8Array(), value) : value
    const attribute = new Uint8Array(filledUp(ATTRIBUTE_HEADER_BYTES + octets.length))
    const view = new DataView(attribute.buffer)
    view.setUint16(0, ATTRIBUTE_HEADER_BYTES + octets.length, true)
    view.setUint16(2, isNested ? type | NESTED : type, true)
    attribute.set(octets, ATTRIBUTE_HEADER_BYTES)
    parts.push(attribute)
  }
  return new Uint8Array(Buffer.concat(parts))
}

/** Messages and attributes begin at multiples of four. */
function filledUp(length: number): number {
  return (length + 3) & ~3
}
