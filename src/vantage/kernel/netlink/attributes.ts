// Attributes of netlink messages (rtnetlink(7)): length u16 with these four octets, type u16, value, filled up to a multiple of four.
import { formatIpv4, formatIpv6 } from '../../../dns/index.ts'

/** Values by their type; of a repeated type the last one. */
export type Attributes = ReadonlyMap<number, DataView>

/** The upper two bits of a type say how the value is written, not what it is. */
const TYPE_MASK = 0x3fff

/** Reads the attributes behind a header of so many octets; what is cut off ends them. */
export function readAttributes(view: DataView, start = 0): Attributes {
  const found = new Map<number, DataView>()
  for (let at = start; at + 4 <= view.byteLength;) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > view.byteLength) break
    const value = new DataView(view.buffer, view.byteOffset + at + 4, length - 4)
    found.set(view.getUint16(at + 2, true) & TYPE_MASK, value)
    at += (length + 3) & ~3
  }
  return found
}

/** Attributes inside an attribute; none where it is absent. */
export function nested(attributes: Attributes, type: number): Attributes {
  const value = attributes.get(type)
  return value === undefined ? new Map() : readAttributes(value)
}

/** A text without the zero that ends it. */
export function textOf(attributes: Attributes, type: number): string | undefined {
  const value = attributes.get(type)
  return value && Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8').replace(/\0.*$/s, '')
}

/** A number of the machine's own byte order. */
export function numberOf(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type)
  if (value === undefined) return undefined
  if (value.byteLength >= 4) return value.getUint32(0, true)
  return value.byteLength >= 2 ? value.getUint16(0, true) : value.byteLength === 1 ? value.getUint8(0) : undefined
}

/** A number in network byte order. */
export function networkNumberOf(attributes: Attributes, type: number): number | undefined {
  const value = attributes.get(type)
  if (value === undefined) return undefined
  if (value.byteLength >= 8) return Number(value.getBigUint64(0))
  return value.byteLength >= 4 ? value.getUint32(0) : value.byteLength >= 2 ? value.getUint16(0) : undefined
}

/** An address of four or sixteen octets. */
export function addressOf(attributes: Attributes, type: number): string | undefined {
  const value = attributes.get(type)
  if (value === undefined) return undefined
  const octets = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return octets.length === 4 ? formatIpv4(octets) : octets.length === 16 ? formatIpv6(octets) : undefined
}
