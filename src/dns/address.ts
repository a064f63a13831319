// IP addresses between text and octets, and the names under in-addr.arpa and ip6.arpa that stand for them.
import type { DomainName } from './message.ts'
import { labelsOf, lowerName } from './name.ts'

const DOT = 0x2e
const ZERO = 0x30

/** The octets of a dotted-decimal IPv4 address, four numbers without leading zeros; undefined for other text. */
export function parseIpv4(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(4)
  let count = 0
  let digits = 0
  let value = 0
  for (let index = 0; index <= text.length; index += 1) {
    const code = index < text.length ? text.charCodeAt(index) : DOT
    if (code === DOT) {
      if (digits === 0 || value > 255 || count === 4) return undefined
      octets[count] = value
      count += 1
      digits = 0
      value = 0
    } else {
      if (!(code >= ZERO && code <= ZERO + 9) || digits === 3 || (digits > 0 && value === 0)) return undefined
      value = value * 10 + code - ZERO
      digits += 1
    }
  }
  return count === 4 ? octets : undefined
}

/** Four octets as dotted decimal. */
export function formatIpv4(octets: Uint8Array, offset = 0): string {
  return `${octets[offset] ?? 0}.${octets[offset + 1] ?? 0}.${octets[offset + 2] ?? 0}.${octets[offset + 3] ?? 0}`
}

/** The octets of an IPv6 address in any form of RFC 4291 §2.2, without zone; undefined for other text. */
export function parseIpv6(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f:.]{2,45}$/i.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0] ?? '', halves.length === 1)
  const tail = halves.length === 2 ? parseGroups(halves[1] ?? '', true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  const octets = new Uint8Array(16)
  for (const [index, group] of groups.entries()) {
    octets[2 * index] = group >>> 8
    octets[2 * index + 1] = group & 0xff
  }
  return octets
}

/**
 * Formats sixteen octets: lower case, the longest run of zero groups as `::`, IPv4-mapped and
 * IPv4-compatible addresses with dotted decimal at the end (RFC 5952 §4, §5).
 */
export function formatIpv6(octets: Uint8Array, offset = 0): string {
  const groups: number[] = []
  for (let index = 0; index < 16; index += 2) {
    groups.push(((octets[offset + index] ?? 0) << 8) | (octets[offset + index + 1] ?? 0))
  }
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIpv4(octets, offset + 12)}`
  }
  const run = longestZeroRun(groups)
  if (run.start === 0 && run.length === 6) return `::${formatIpv4(octets, offset + 12)}`
  const hex = groups.map((group) => group.toString(16))
  if (run.length < 2) return hex.join(':')
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`
}

/** The octets of an IPv4 or IPv6 address; undefined for other text. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

// --- Reverse names (RFC 1035 §3.5, RFC 3596 §2.5) ---

/** The name that holds an address's PTR records: `1.0.233.10.in-addr.arpa.`; undefined when it is no address. */
export function reverseName(address: string): DomainName | undefined {
  const octets = parseAddress(address)
  if (octets === undefined) return undefined
  if (octets.length === 4) return `${[...octets].reverse().join('.')}.in-addr.arpa.`
  const nibbles = [...octets].reverse().map((octet) => `${(octet & 15).toString(16)}.${(octet >>> 4).toString(16)}.`)
  return `${nibbles.join('')}ip6.arpa.`
}

/** The address a whole reverse name stands for; undefined for every other name, shorter ones included. */
export function addressFromReverse(name: DomainName): string | undefined {
  const labels = labelsOf(lowerName(name))
  const zone = labels.slice(-2).join('.')
  const own = labels.slice(0, -2).reverse()
  if (zone === 'in-addr.arpa' && own.length === 4) {
    const octets = parseIpv4(own.join('.'))
    return octets && formatIpv4(octets)
  }
  if (zone !== 'ip6.arpa' || own.length !== 32 || !own.every((label) => /^[0-9a-f]$/.test(label))) return undefined
  return formatIpv6(
    Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(`${own[2 * index]}${own[2 * index + 1]}`, 16)),
  )
}

/** The groups of one side of `::`; a dotted IPv4 address may end the address. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const octets = last && index === parts.length - 1 ? parseIpv4(part) : undefined
      if (octets === undefined) return undefined
      const [a = 0, b = 0, c = 0, d = 0] = octets
      groups.push((a << 8) | b, (c << 8) | d)
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16))
    } else {
      return undefined
    }
  }
  return groups
}

/** The first of the longest runs of zeros. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0
    while (groups[start + length] === 0) length += 1
    if (length > best.length) best = { start, length }
  }
  return best
}
