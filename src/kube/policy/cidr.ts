// Whether an address lies in a CIDR, for both families, octet by octet.
import { parseIpv4, parseIpv6 } from '../../dns/index.ts'

/** False for text that is no CIDR or no address, and across families. */
export function containsAddress(cidr: string, address: string): boolean {
  const slash = cidr.lastIndexOf('/')
  const base = readAddress(slash === -1 ? cidr : cidr.slice(0, slash))
  const own = readAddress(address)
  if (base === undefined || own === undefined || base.length !== own.length) return false
  const length = slash === -1 ? base.length * 8 : Number(cidr.slice(slash + 1))
  if (!Number.isInteger(length) || length < 0 || length > base.length * 8) return false
  return base.every((octet, index) => {
    const bits = Math.min(Math.max(length - index * 8, 0), 8)
    const mask = (0xff << (8 - bits)) & 0xff
    return (octet & mask) === ((own[index] ?? 0) & mask)
  })
}

function readAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}
