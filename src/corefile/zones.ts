// Zones as Corefiles write them: names in any case, with or without the final dot, or address blocks that stand for
// reverse zones.
import { lowerName, parseAddress, parseName } from '../dns/index.ts'
import type { DomainName } from '../dns/index.ts'
import { UsageError, quoteGo } from '../base/index.ts'

/** Longest zone text that CoreDNS reads. */
const MAX_ZONE_LENGTH = 255

/** A zone as written, with the port that may follow it. */
export interface HostPort {
  readonly zones: readonly DomainName[]
  /** Undefined when the text names none. */
  readonly port: number | undefined
}

/**
 * Gives the absolute name in lower case that a zone is served under.
 *
 * @throws {UsageError} `bad-configuration` when it is no domain name
 */
export function normalizeZone(text: string): DomainName {
  if (text.length > MAX_ZONE_LENGTH) throw badZone(`specified zone is too long: ${text.length} > ${MAX_ZONE_LENGTH}`)
  try {
    return lowerName(parseName(text === '@' ? String.raw`\@` : text))
  } catch (error) {
    throw badZone(`zone is not a valid domain name: ${text}`, error)
  }
}

/**
 * Gives the zones that one zone argument stands for: itself, or for an address block the reverse zones that cover it, split
 * at octets (IPv4) or nibbles (IPv6). A scheme and a port are read over, as CoreDNS does.
 *
 * @throws {UsageError} `bad-configuration`
 */
export function expandZones(text: string): DomainName[] {
  return [...splitHostPort(text.replace(SCHEME, '')).zones]
}

/** What a zone argument or key may begin with. */
export const SCHEME: RegExp = /^(dns|grpc|https|https3|quic|tls|unix):\/\//

/**
 * Splits `ZONE`, `ZONE:PORT`, `CIDR` or `CIDR:PORT`; the port is whatever number follows the last colon.
 *
 * @throws {UsageError} `bad-configuration`
 */
export function splitHostPort(text: string): HostPort {
  const colon = text.lastIndexOf(':')
  if (colon !== -1 && colon === text.length - 1) throw badZone(`expecting data after last colon: ${quoteGo(text)}`)
  const hasPort = colon !== -1 && /^[-+]?\d+$/.test(text.slice(colon + 1))
  const zone = hasPort ? text.slice(0, colon) : text
  const port = hasPort ? Number(text.slice(colon + 1)) : undefined
  if (port !== undefined && (port < 0 || port > 65_535)) {
    throw badZone(`invalid port in ${quoteGo(text)}: ${port} is not between 0 and 65535`)
  }
  return { zones: reverseZones(zone) ?? [normalizeZone(zone)], port }
}

/** The reverse zones of an address block; undefined when the text is none. */
function reverseZones(text: string): DomainName[] | undefined {
  const slash = text.indexOf('/')
  if (slash < 0 || !/^\d{1,3}$/.test(text.slice(slash + 1))) return undefined
  const octets = parseAddress(text.slice(0, slash))
  const bits = Number(text.slice(slash + 1))
  if (octets === undefined || bits > octets.length * 8) return undefined
  const isIpv4 = octets.length === 4
  const unit = isIpv4 ? 8 : 4
  const figures = isIpv4 ? [...octets] : [...octets].flatMap((octet) => [octet >> 4, octet & 0x0f])
  const whole = Math.floor(bits / unit)
  const fixed = figures.slice(0, whole)
  const rest = bits - whole * unit
  const radix = isIpv4 ? 10 : 16
  const suffix = isIpv4 ? 'in-addr.arpa.' : 'ip6.arpa.'
  const zoneOf = (labels: readonly number[]): DomainName =>
    [...labels.toReversed().map((label) => label.toString(radix)), suffix].join('.')
  if (rest === 0) return [zoneOf(fixed)]
  const size = 2 ** (unit - rest)
  const first = Math.floor((figures[whole] ?? 0) / size) * size
  return Array.from({ length: size }, (_, index) => zoneOf([...fixed, first + index]))
}

/**
 * Whether every label is a letter followed by letters, digits and inner hyphens (RFC 1035 §2.3.1). The root and reverse
 * zones count as such. CoreDNS warns about zones that are not: `example.com{` is the usual one.
 */
export function hasPreferredSyntax(zone: DomainName): boolean {
  return zone === '.' || /\.(?:in-addr|ip6)\.arpa\.$/.test(zone) || /^(?:[a-z](?:[a-z0-9-]*[a-z0-9])?\.)+$/i.test(zone)
}

function badZone(message: string, cause?: unknown): UsageError {
  return new UsageError('bad-configuration', message, cause === undefined ? undefined : { cause })
}
