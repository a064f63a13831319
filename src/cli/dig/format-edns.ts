// The OPT pseudo-record as dig describes it: one line for EDNS itself, one for each option.
import {
  EDNS_OPTION,
  extendedErrorName,
  readClientSubnet,
  readCookie,
  readExpire,
  readExtendedError,
  readTcpKeepalive,
} from '../../dns/index.ts'
import type { Edns, EdnsOption } from '../../dns/index.ts'
import { formatSpan } from './format-rdata.ts'

export interface EdnsContext {
  /** The client cookie that the query carried; undefined for a query's own OPT record or when there was none. */
  readonly clientCookie: Uint8Array | undefined
}

/** The lines of the OPT pseudosection. */
export function formatEdns(edns: Edns, context: EdnsContext): string[] {
  return [`; EDNS: ${ednsLine(edns)}`, ...edns.options.map((option) => `; ${formatOption(option, context)}`)]
}

/** Flags: DO, CO (the bit after it), and what must be zero. */
export function ednsFlags({ dnssecOk, z }: Edns): { readonly names: string; readonly unknown: number } {
  const names = `${dnssecOk ? ' do' : ''}${(z & 0x4000) === 0 ? '' : ' co'}`
  return { names, unknown: z & 0x3fff }
}

function ednsLine(edns: Edns): string {
  const { names, unknown } = ednsFlags(edns)
  const mustBeZero = unknown === 0 ? '' : `MBZ: 0x${unknown.toString(16).padStart(4, '0')}, `
  return `version: ${edns.version}, flags:${names}; ${mustBeZero}udp: ${edns.udpPayloadSize}`
}

/** One option behind its name; a cookie with the verdict on it. */
export function formatOption(option: EdnsOption, context: EdnsContext): string {
  const { code, octets } = option
  const name = OPTION_NAMES[code] ?? `OPT=${code}`
  const special = SPECIAL[code]?.(option, context)
  if (special !== undefined) return `${name}: ${special}`.trimEnd()
  return `${name}:${octets.length === 0 ? '' : ` ${formatOctets(octets)}`}`
}

/** By option code, as dig names them. */
const OPTION_NAMES: Readonly<Record<number, string>> = {
  [EDNS_OPTION.llq]: 'LLQ',
  [EDNS_OPTION.updateLease]: 'UPDATE-LEASE',
  [EDNS_OPTION.nsid]: 'NSID',
  [EDNS_OPTION.clientSubnet]: 'CLIENT-SUBNET',
  [EDNS_OPTION.expire]: 'EXPIRE',
  [EDNS_OPTION.cookie]: 'COOKIE',
  [EDNS_OPTION.tcpKeepalive]: 'TCP KEEPALIVE',
  [EDNS_OPTION.padding]: 'PAD',
  [EDNS_OPTION.keyTag]: 'KEY-TAG',
  [EDNS_OPTION.extendedError]: 'EDE',
  [EDNS_OPTION.clientTag]: 'CLIENT-TAG',
  [EDNS_OPTION.serverTag]: 'SERVER-TAG',
}

/** Options whose octets have a form of their own; undefined when these do not fit it. */
const SPECIAL: Readonly<Record<number, (option: EdnsOption, context: EdnsContext) => string | undefined>> = {
  [EDNS_OPTION.clientSubnet](option) {
    const subnet = readClientSubnet(option)
    return subnet && `${subnet.address}/${subnet.sourcePrefixLength}/${subnet.scopePrefixLength}`
  },
  [EDNS_OPTION.cookie]: (option, { clientCookie }) => {
    const text = Buffer.from(option.octets).toString('hex')
    return clientCookie === undefined ? text : `${text}${cookieVerdict(option, clientCookie)}`
  },
  [EDNS_OPTION.expire](option) {
    const seconds = readExpire(option)
    return seconds === undefined ? undefined : `${seconds} (${formatSpan(seconds)})`
  },
  [EDNS_OPTION.extendedError](option) {
    const error = readExtendedError(option)
    if (error === undefined) return undefined
    const name = extendedErrorName(error.infoCode)
    const text = error.extraText === '' ? '' : `: (${printable(Buffer.from(option.octets.subarray(2)))})`
    return `${error.infoCode}${name === undefined ? '' : ` (${name})`}${text}`
  },
  [EDNS_OPTION.tcpKeepalive](option) {
    const idleMs = readTcpKeepalive(option)
    return idleMs === undefined ? undefined : `${(idleMs / 1000).toFixed(1)} secs`
  },
  [EDNS_OPTION.padding]: ({ octets }) => (octets.length === 0 ? '' : `(${octets.length} bytes)`),
  [EDNS_OPTION.keyTag]: ({ octets }) => uint16List(octets),
  [EDNS_OPTION.clientTag]: ({ octets }) => (octets.length === 2 ? uint16List(octets) : undefined),
  [EDNS_OPTION.serverTag]: ({ octets }) => (octets.length === 2 ? uint16List(octets) : undefined),
}

/** Whether the cookie belongs to the one that was sent (RFC 7873 §5.3). */
function cookieVerdict(option: EdnsOption, clientCookie: Uint8Array): string {
  const cookie = readCookie(option)
  if (cookie === undefined || !Buffer.from(cookie.client).equals(clientCookie)) return ' (bad)'
  return cookie.server.length === 0 ? ' (echoed)' : ' (good)'
}

function uint16List(octets: Uint8Array): string | undefined {
  if (octets.length === 0 || octets.length % 2 !== 0) return undefined
  return Array.from({ length: octets.length / 2 }, (_, index) =>
    String(((octets[2 * index] ?? 0) << 8) | (octets[2 * index + 1] ?? 0)),
  ).join(', ')
}

function formatOctets(octets: Uint8Array): string {
  const hex = [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join(' ')
  return `${hex} ("${printable(octets)}")`
}

/** ASCII, everything that cannot be printed as a dot. */
function printable(octets: Uint8Array): string {
  return Buffer.from(octets)
    .toString('latin1')
    .replaceAll(/[^ -~]/g, '.')
}
