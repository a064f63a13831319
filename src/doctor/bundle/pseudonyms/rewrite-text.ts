// One pass over a text: every address in it, however it is written, and every word gets its pseudonym.
import { addressFromReverse, formatIpv4, formatIpv6, parseAddress, parseIpv6 } from '../../../dns/index.ts'
import type { AddressMap } from './addresses.ts'
import type { WordMap } from './words.ts'

const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1?\d?\d)`
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`
/**
 * In the order in which they are tried: reverse names, IPv4 with a prefix length or without, IPv6, an address with dashes
 * (`10-1-2-3` of pods and cloud machines), a word.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<reverse4>(?<![\w-])(?:${OCTET}\.){1,4}in-addr\.arpa)`,
    String.raw`(?<reverse6>(?<![\w-])(?:[0-9a-f]\.){1,32}ip6\.arpa)`,
    String.raw`(?<ipv4>(?<!\w|\d\.)${IPV4}(?![\w]|\.\d))(?:\/(?<length4>\d{1,2})(?!\d))?`,
    String.raw`(?<ipv6>(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:${IPV4}|[0-9a-f]{0,4})(?![\w:]))(?:\/(?<length6>\d{1,3})(?!\d))?`,
    String.raw`(?<dashed>(?<![a-z0-9]|\d-)(?:\d{1,3}-){3}\d{1,3}(?![a-z0-9]|-\d))`,
    String.raw`(?<dashed6>(?<![\w-])(?=[0-9a-f-]*--)[0-9a-f]{0,4}(?:-[0-9a-f]{0,4}){2,7}(?![\w-]))`,
    String.raw`(?<word>[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*)`,
  ].join('|'),
  'gi',
)

export interface Pseudonyms {
  readonly address: AddressMap
  readonly word: WordMap
}

/** Rewrites one text. */
export function rewriteText(text: string, pseudonyms: Pseudonyms): string {
  return text.replaceAll(TOKEN, (token: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Readonly<Record<string, string | undefined>>
    const { reverse4, reverse6, ipv4, length4, ipv6, length6, dashed, dashed6 } = groups
    if (reverse4 !== undefined) return rewriteReverse4(reverse4, pseudonyms)
    if (reverse6 !== undefined) return rewriteReverse6(reverse6, pseudonyms)
    if (ipv4 !== undefined) return rewriteAddress(ipv4, length4, pseudonyms)
    if (ipv6 !== undefined) {
      // A time of the day, or digits between colons, is no address.
      if (parseIpv6(ipv6) === undefined) return rewriteWords(token, pseudonyms)
      return rewriteAddress(ipv6, length6, pseudonyms)
    }
    if (dashed !== undefined) return rewriteDashed(dashed, '.', pseudonyms)
    if (dashed6 !== undefined) {
      return parseIpv6(dashed6.replaceAll('-', ':')) === undefined
        ? rewriteWords(token, pseudonyms)
        : rewriteDashed(dashed6, ':', pseudonyms)
    }
    return pseudonyms.word(token)
  })
}

function rewriteWords(text: string, { word }: Pseudonyms): string {
  return text.replaceAll(/[A-Za-z0-9]+/g, (one) => word(one))
}

/** A network stays one: without the bits of a host. */
function rewriteAddress(text: string, length: string | undefined, { address }: Pseudonyms): string {
  const mapped = address(text)
  if (length === undefined) return mapped
  const [before, after] = [parseAddress(text), parseAddress(mapped)]
  if (before === undefined || after === undefined || hasHostBits(before, Number(length))) return `${mapped}/${length}`
  const network = Uint8Array.from(after, (octet, at) => octet & maskOf(at, Number(length)))
  return `${network.length === 4 ? formatIpv4(network) : formatIpv6(network)}/${length}`
}

function hasHostBits(octets: Uint8Array, length: number): boolean {
  return octets.some((octet, at) => (octet & ~maskOf(at, length) & 0xff) !== 0)
}

/** The bits of the octet at an index that belong to the network. */
function maskOf(at: number, length: number): number {
  const bits = Math.min(8, Math.max(0, length - 8 * at))
  return (0xff << (8 - bits)) & 0xff
}

function rewriteReverse4(name: string, { address }: Pseudonyms): string {
  const labels = name.split('.').slice(0, -2)
  const octets = [...labels.toReversed(), '0', '0', '0'].slice(0, 4)
  const mapped = address(octets.join('.')).split('.').slice(0, labels.length)
  return `${mapped.toReversed().join('.')}.in-addr.arpa`
}

function rewriteReverse6(name: string, { address }: Pseudonyms): string {
  const count = name.split('.').length - 2
  const whole = `${'0.'.repeat(32 - count)}${name}.`
  const mapped = parseAddress(address(addressFromReverse(whole) ?? ''))
  if (mapped === undefined) return name
  const nibbles = [...mapped].flatMap((octet) => [octet >> 4, octet & 15]).slice(0, count)
  return `${nibbles
    .toReversed()
    .map((nibble) => nibble.toString(16))
    .join('.')}.ip6.arpa`
}

/** As a pod's name has its address, and the name of a machine in a cloud. */
function rewriteDashed(text: string, separator: string, { address }: Pseudonyms): string {
  return address(text.replaceAll('-', separator)).replaceAll(separator, '-')
}
