// The IPv6 prefix that IPv4 addresses are put into, and the putting in (RFC 6052 §2.2).
import { formatIpv6, parseIpv4, parseIpv6 } from '../../dns/index.ts'

export interface Dns64Prefix {
  /** Sixteen octets, those behind the prefix zero. */
  readonly octets: Uint8Array
  /** In octets, 4 to 12. */
  readonly length: number
}

/**
 * Reads a prefix of 32 to 96 bits in steps of 8, `64:ff9b::/96`.
 *
 * @throws {RangeError} with CoreDNS's words for an IPv4 block, another length, or what is no block at all
 */
export function parsePrefix(text: string): Dns64Prefix {
  const [address = '', bits, ...more] = text.split('/')
  const isIpv4 = parseIpv4(address) !== undefined
  const octets = parseIpv6(address)
  const length = bits !== undefined && /^\d{1,3}$/.test(bits) && more.length === 0 ? Number(bits) : undefined
  if ((octets === undefined && !isIpv4) || length === undefined || length > (isIpv4 ? 32 : 128)) {
    throw new RangeError(`invalid CIDR address: ${text}`)
  }
  if (octets === undefined) throw new RangeError(`invalid netmask 32 IPv6 address: "${text}"`)
  if (length % 8 !== 0 || length < 32 || length > 96) throw new RangeError(`invalid prefix length "${text}"`)
  return { octets: octets.fill(0, length / 8), length: length / 8 }
}

/** The IPv6 text of an IPv4 address under the prefix; octet 8 stays as it is (RFC 6052 §2.2: zero). */
export function embedIpv4(prefix: Dns64Prefix, address: string): string | undefined {
  const ipv4 = parseIpv4(address)
  if (ipv4 === undefined) return undefined
  const octets = prefix.octets.slice()
  let position = prefix.length
  for (const octet of ipv4) {
    if (position === 8) position += 1
    octets[position] = octet
    position += 1
  }
  return formatIpv6(octets)
}
