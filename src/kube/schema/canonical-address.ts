import { formatIpv6, parseIpv6 } from '../../dns/address.ts'

/** An address as the index keys it: IPv6 in RFC 5952 form; text that is no address stays as it is. */
export function canonicalAddress(address: string): string {
  if (!address.includes(':')) return address
  const octets = parseIpv6(address)
  return octets === undefined ? address : formatIpv6(octets)
}
