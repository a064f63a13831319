// What attributes of netlink messages hold: numbers, texts, addresses, and other attributes.
import { formatIpv4, formatIpv6 } from '../../../dns/index.ts'
import { readAttributes } from '../../../sys/index.ts'
import type { Attributes } from '../../../sys/index.ts'

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
