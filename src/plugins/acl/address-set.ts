// Addresses given as blocks, asked for one at a time: sorted ranges, so that a list of thousands costs a dozen comparisons.
import { parseAddress } from '../../dns/index.ts'

export interface AddressSet {
  /** Whether the octets of an IPv4 or IPv6 address are in one of the blocks. */
  has(octets: Uint8Array): boolean
}

/** First and last address, both as fixed-length hexadecimal digits, which sort like the addresses. */
interface Range {
  readonly first: string
  readonly last: string
}

/** The octets of an address as `net` takes it: a zone is cut off, an IPv4-mapped IPv6 address is the IPv4 one. */
export function readAddress(text: string): Uint8Array | undefined {
  const octets = parseAddress(text.split('%', 1)[0] ?? '')
  if (octets?.length !== 16) return octets
  const isMapped = octets.subarray(0, 10).every((octet) => octet === 0) && octets[10] === 0xff && octets[11] === 0xff
  return isMapped ? octets.subarray(12) : octets
}

/** Reads `10.0.0.0/8`, `10.0.0.1`, `2001:db8::/32` or `::1`; undefined for other text. */
export function readRange(text: string): Range | undefined {
  const [address = '', length, ...more] = text.split('/')
  const octets = parseAddress(address)
  if (octets === undefined || more.length > 0) return undefined
  const bits = octets.length * 8
  const prefix = length === undefined ? bits : Number(length)
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || prefix > bits)) return undefined
  return { first: maskedHex(octets, prefix, 0), last: maskedHex(octets, prefix, 0xff) }
}

/** Makes a set of blocks that may overlap. */
export function createAddressSet(ranges: readonly Range[]): AddressSet {
  const merged: { readonly first: string; last: string }[] = []
  for (const range of [...ranges].sort(compareRanges)) {
    const before = merged.at(-1)
    const joins = before?.last.length === range.first.length && range.first <= before.last
    if (before === undefined || !joins) merged.push({ ...range })
    else if (range.last > before.last) before.last = range.last
  }
  return {
    has(octets) {
      const address = maskedHex(octets, octets.length * 8, 0)
      let low = 0
      let high = merged.length
      while (low < high) {
        const middle = (low + high) >>> 1
        const range = merged[middle]
        if (range === undefined) return false
        if (isBefore(range.last, address)) low = middle + 1
        else high = middle
      }
      const range = merged[low]
      return range !== undefined && range.first.length === address.length && range.first <= address
    },
  }
}

/** IPv4 stands before IPv6. */
function isBefore(left: string, right: string): boolean {
  return left.length === right.length ? left < right : left.length < right.length
}

function compareRanges(left: Range, right: Range): number {
  if (left.first === right.first) return 0
  return isBefore(left.first, right.first) ? -1 : 1
}

/** The address with every bit behind the prefix as in `rest`, which is 0 or 0xff. */
function maskedHex(octets: Uint8Array, prefix: number, rest: number): string {
  let hex = ''
  for (const [index, octet] of octets.entries()) {
    const kept = Math.max(0, Math.min(8, prefix - index * 8))
    const mask = (0xff << (8 - kept)) & 0xff
    hex += ((octet & mask) | (rest & ~mask & 0xff)).toString(16).padStart(2, '0')
  }
  return hex
}
