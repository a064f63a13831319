// What EDNS options hold, by option code. Each reader gives undefined for octets that are not that option's form.
import { formatIpv4, formatIpv6, parseAddress } from '../address.ts'
import type { Edns, EdnsOption } from '../message.ts'

/** Option codes of IANA's "DNS EDNS0 Option Codes" that this program reads or writes. */
export const EDNS_OPTION = {
  llq: 1,
  updateLease: 2,
  nsid: 3,
  dau: 5,
  dhu: 6,
  n3u: 7,
  clientSubnet: 8,
  expire: 9,
  cookie: 10,
  tcpKeepalive: 11,
  padding: 12,
  chain: 13,
  keyTag: 14,
  extendedError: 15,
  clientTag: 16,
  serverTag: 17,
  reportChannel: 18,
} as const

/** The first option of a code, if there is one. */
export function findOption(edns: Edns | undefined, code: number): EdnsOption | undefined {
  return edns?.options.find((option) => option.code === code)
}

// --- Client subnet (RFC 7871 §6) ---

export interface ClientSubnet {
  readonly family: 'IPv4' | 'IPv6'
  /** With zeros after the source prefix. */
  readonly address: string
  readonly sourcePrefixLength: number
  readonly scopePrefixLength: number
}

/** Reads a client subnet; the address must have as many octets as its prefix needs, zeros after it. */
export function readClientSubnet({ octets }: EdnsOption): ClientSubnet | undefined {
  const [high = 0, family = 0, sourcePrefixLength = 0, scopePrefixLength = 0] = octets
  const size = high === 0 && family === 1 ? 4 : high === 0 && family === 2 ? 16 : 0
  const sent = octets.length - 4
  if (size === 0 || sourcePrefixLength > size * 8 || sent !== Math.ceil(sourcePrefixLength / 8)) return undefined
  if (scopePrefixLength > size * 8) return undefined
  const unused = (8 - (sourcePrefixLength % 8)) % 8
  if (sent > 0 && ((octets[octets.length - 1] ?? 0) & ((1 << unused) - 1)) !== 0) return undefined
  const whole = new Uint8Array(size)
  whole.set(octets.subarray(4))
  const address = size === 4 ? formatIpv4(whole) : formatIpv6(whole)
  return { family: size === 4 ? 'IPv4' : 'IPv6', address, sourcePrefixLength, scopePrefixLength }
}

/** Writes a client subnet; address bits after the source prefix are left out. @throws {RangeError} */
export function writeClientSubnet(subnet: Omit<ClientSubnet, 'family'>): EdnsOption {
  const address = parseAddress(subnet.address)
  const { sourcePrefixLength, scopePrefixLength } = subnet
  if (address === undefined || sourcePrefixLength > address.length * 8) {
    throw new RangeError(`Cannot encode client subnet ${subnet.address}/${sourcePrefixLength}: no such prefix`)
  }
  const kept = address.slice(0, Math.ceil(sourcePrefixLength / 8))
  const unused = (8 - (sourcePrefixLength % 8)) % 8
  if (kept.length > 0) kept[kept.length - 1] = (kept[kept.length - 1] ?? 0) & (0xff << unused)
  const family = address.length === 4 ? 1 : 2
  return {
    code: EDNS_OPTION.clientSubnet,
    octets: Uint8Array.of(0, family, sourcePrefixLength, scopePrefixLength, ...kept),
  }
}

// --- Cookie (RFC 7873 §4) ---

export interface Cookie {
  /** Eight octets. */
  readonly client: Uint8Array
  /** None, or 8 to 32 octets. */
  readonly server: Uint8Array
}

/** Reads a cookie: 8 octets, or 16 to 40. */
export function readCookie({ octets }: EdnsOption): Cookie | undefined {
  if (octets.length !== 8 && (octets.length < 16 || octets.length > 40)) return undefined
  return { client: octets.slice(0, 8), server: octets.slice(8) }
}

/** Writes a cookie. */
export function writeCookie({ client, server }: Cookie): EdnsOption {
  return { code: EDNS_OPTION.cookie, octets: Uint8Array.of(...client, ...server) }
}

// --- Extended error (RFC 8914) ---

export interface ExtendedError {
  readonly infoCode: number
  /** UTF-8; may be empty. */
  readonly extraText: string
}

const EXTENDED_ERRORS: readonly string[] = [
  'Other',
  'Unsupported DNSKEY Algorithm',
  'Unsupported DS Digest Type',
  'Stale Answer',
  'Forged Answer',
  'DNSSEC Indeterminate',
  'DNSSEC Bogus',
  'Signature Expired',
  'Signature Not Yet Valid',
  'DNSKEY Missing',
  'RRSIGs Missing',
  'No Zone Key Bit Set',
  'NSEC Missing',
  'Cached Error',
  'Not Ready',
  'Blocked',
  'Censored',
  'Filtered',
  'Prohibited',
  'Stale NXDOMAIN Answer',
  'Not Authoritative',
  'Not Supported',
  'No Reachable Authority',
  'Network Error',
  'Invalid Data',
  'Signature Expired before Valid',
  'Too Early',
  'Unsupported NSEC3 Iterations Value',
  'Unable to conform to policy',
  'Synthesized',
  'Invalid Query Type',
]

/** The registered purpose of an extended error (RFC 8914 §5.2 and the registry after it), if it has one. */
export function extendedErrorName(infoCode: number): string | undefined {
  return EXTENDED_ERRORS[infoCode]
}

/** Reads an extended error: at least two octets. */
export function readExtendedError({ octets }: EdnsOption): ExtendedError | undefined {
  if (octets.length < 2) return undefined
  const extraText = Buffer.from(octets.subarray(2)).toString('utf8').replace(/\0$/, '')
  return { infoCode: ((octets[0] ?? 0) << 8) | (octets[1] ?? 0), extraText }
}

/** Writes an extended error. */
export function writeExtendedError({ infoCode, extraText }: ExtendedError): EdnsOption {
  return {
    code: EDNS_OPTION.extendedError,
    octets: Uint8Array.of(infoCode >>> 8, infoCode & 0xff, ...Buffer.from(extraText, 'utf8')),
  }
}

// --- NSID, padding, keepalive, expire ---

/** Asks for, or gives, a server's identity (RFC 5001 §2). @param identity empty in a query */
export function writeNsid(identity: Uint8Array = new Uint8Array(0)): EdnsOption {
  return { code: EDNS_OPTION.nsid, octets: identity }
}

/** `sizeBytes` zeros (RFC 7830 §3). */
export function writePadding(sizeBytes: number): EdnsOption {
  return { code: EDNS_OPTION.padding, octets: new Uint8Array(sizeBytes) }
}

/** The idle timeout of a TCP connection in milliseconds (RFC 7828 §3.1); undefined when the option is empty or malformed. */
export function readTcpKeepalive({ octets }: EdnsOption): number | undefined {
  return octets.length === 2 ? (((octets[0] ?? 0) << 8) | (octets[1] ?? 0)) * 100 : undefined
}

/** Asks for a keepalive, or tells the idle timeout: 0 to 6,553,500 ms in steps of 100. */
export function writeTcpKeepalive(idleTimeoutMs?: number): EdnsOption {
  if (idleTimeoutMs === undefined) return { code: EDNS_OPTION.tcpKeepalive, octets: new Uint8Array(0) }
  const units = Math.round(idleTimeoutMs / 100)
  return { code: EDNS_OPTION.tcpKeepalive, octets: Uint8Array.of(units >>> 8, units & 0xff) }
}

/** Seconds until a secondary zone expires (RFC 7314 §2); undefined when the option is empty or malformed. */
export function readExpire({ octets }: EdnsOption): number | undefined {
  if (octets.length !== 4) return undefined
  return Buffer.from(octets.buffer, octets.byteOffset, 4).readUInt32BE(0)
}

/** Asks for a zone's EXPIRE timer, or tells it in seconds. */
export function writeExpire(expireSeconds?: number): EdnsOption {
  const octets = new Uint8Array(expireSeconds === undefined ? 0 : 4)
  if (expireSeconds !== undefined) new DataView(octets.buffer).setUint32(0, expireSeconds)
  return { code: EDNS_OPTION.expire, octets }
}
