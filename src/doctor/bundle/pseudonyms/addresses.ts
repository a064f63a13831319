// Other addresses for addresses: two of them share as many leading bits as theirs do, so that subnets stay subnets, and
// ranges with a meaning of their own stay what they are. The construction is that of Xu, Fan, Ammar and Moon (ICNP 2002),
// with nodes of the tree of prefixes that never flip.
import { createHmac } from 'node:crypto'
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../../../dns/index.ts'

/** Gives an address its pseudonym; anything else comes back as it is. */
export type AddressMap = (address: string) => string

/** A prefix whose bits are kept. */
interface Prefix {
  readonly octets: Uint8Array
  readonly length: number
}

/** Private, shared, link-local, loopback, multicast, reserved: what an address is there is in its first bits. */
const KEPT_PREFIXES: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
  '::/8',
  '64:ff9b::/96',
  '2001:2::/48',
  'fc00::/8',
  'fd00::/8',
  'fe80::/10',
  'ff00::/8',
]
/** Everybody's: they name nobody, and programs know some of them by heart. */
const KEPT_WHOLE: readonly string[] = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  '::/127',
  '2001:2::/48',
  'fe80::/10',
  'ff00::/8',
]

/** Makes the pseudonyms of one key: the same key gives the same ones. */
export function createAddressMap(key: Uint8Array): AddressMap {
  const known = new Map<string, string>()
  const masks = new Map<string, Uint8Array>()
  const fixed = [...KEPT_PREFIXES, ...KEPT_WHOLE].map(readPrefix)
  const whole = KEPT_WHOLE.map(readPrefix)
  /** 256 bits, one for each node of the eight levels below a prefix of whole octets. */
  const maskBelow = (octets: Uint8Array, at: number): Uint8Array => {
    const prefix = `${octets.length}:${octets.subarray(0, at).join('.')}`
    const mask = masks.get(prefix) ?? createHmac('sha256', key).update(prefix).digest()
    masks.set(prefix, mask)
    return mask
  }
  const map = (octets: Uint8Array): Uint8Array => {
    if (whole.some((prefix) => covers(prefix, octets))) return octets
    const mapped = Uint8Array.from(octets)
    for (let at = 0; at < octets.length; at += 1) {
      const mask = maskBelow(octets, at)
      const octet = octets[at] ?? 0
      let flips = 0
      let node = 1
      for (let bit = 0; bit < 8; bit += 1) {
        const depth = 8 * at + bit
        const isFlipped = ((mask[node >> 3] ?? 0) >> (node & 7)) & 1
        if (isFlipped === 1 && !fixed.some((prefix) => isOnTheWay(prefix, octets, depth))) flips |= 0x80 >> bit
        node = 2 * node + ((octet >> (7 - bit)) & 1)
      }
      mapped[at] = octet ^ flips
    }
    return mapped
  }
  return (address) => {
    const before = known.get(address)
    if (before !== undefined) return before
    const v4 = parseIpv4(address)
    const v6 = v4 === undefined ? parseIpv6(address) : undefined
    const pseudonym = v4 === undefined ? (v6 === undefined ? address : formatIpv6(map(v6))) : formatIpv4(map(v4))
    known.set(address, pseudonym)
    return pseudonym
  }
}

/** Whether flipping the bit at a depth would move an address into or out of a kept prefix. */
function isOnTheWay(prefix: Prefix, octets: Uint8Array, depth: number): boolean {
  return prefix.octets.length === octets.length && depth < prefix.length && sharesBits(prefix.octets, octets, depth)
}

function covers({ octets, length }: Prefix, address: Uint8Array): boolean {
  return octets.length === address.length && sharesBits(octets, address, length)
}

function sharesBits(a: Uint8Array, b: Uint8Array, count: number): boolean {
  for (let at = 0; 8 * at < count; at += 1) {
    const bits = Math.min(8, count - 8 * at)
    if (((a[at] ?? 0) ^ (b[at] ?? 0)) >> (8 - bits) !== 0) return false
  }
  return true
}

function readPrefix(text: string): Prefix {
  const [address = '', length = '0'] = text.split('/')
  const octets = parseIpv4(address) ?? parseIpv6(address)
  if (octets === undefined) throw new RangeError(`Cannot read prefix ${text}`)
  return { octets, length: Number(length) }
}
