// Network and transport headers in tcpdump's layout.
import { formatIpv4, formatIpv6 } from '../../dns/index.ts'
import { printMessage } from './print-message.ts'

/** Octets up to where they were captured. */
export interface View {
  readonly octets: Uint8Array
  readonly end: number
  readonly isCut: boolean
}

export interface PrintOptions {
  /** Ports whose payload is DNS. */
  readonly ports: ReadonlySet<number>
  /** First sequence numbers of connections, as far as known. */
  readonly relative: Map<string, { seq: number; ack: number }>
}

export interface NetworkPlace {
  /** EtherType. */
  readonly type: number
  readonly at: number
  readonly options: PrintOptions
  /** Length of the whole frame in octets. */
  readonly link: number
}

const MAX_CONNECTIONS = 65_536

/** Prints what an EtherType announces. */
export function printNetwork(view: View, { type, at, options, link }: NetworkPlace): string {
  const { octets, end } = view
  if (type === 0x0800) return printIpv4(view, at, options)
  if (type === 0x86dd) return printIpv6(view, at, options)
  if (type === 0x0806) return printArp(octets, at, end)
  if (type === 0x8100 || type === 0x88a8) {
    return printNetwork(view, { type: u16(octets, at + 2), at: at + 4, options, link })
  }
  return `ethertype Unknown (0x${type.toString(16).padStart(4, '0')}), length ${link}`
}

function printArp(octets: Uint8Array, at: number, end: number): string {
  if (end - at < 28) return 'ARP, [|arp]'
  const operation = u16(octets, at + 6)
  const [sender, target] = [formatIpv4(octets, at + 14), formatIpv4(octets, at + 24)]
  const mac = Array.from(octets.subarray(at + 8, at + 14), (octet) => octet.toString(16).padStart(2, '0')).join(':')
  const length = end - at
  if (operation === 1) return `ARP, Request who-has ${target} tell ${sender}, length ${length}`
  if (operation === 2) return `ARP, Reply ${sender} is-at ${mac}, length ${length}`
  return `ARP, Unknown (${operation}), length ${length}`
}

// --- IP ---

interface IpHeader {
  readonly family: string
  readonly source: string
  readonly destination: string
  readonly protocol: number
}

function printIpv4(view: View, at: number, options: PrintOptions): string {
  const { octets } = view
  const headerLength = ((octets[at] ?? 0) & 15) * 4
  if (view.end - at < 20 || headerLength < 20) return 'IP [|ip]'
  const total = u16(octets, at + 2)
  const isCut = total > view.end - at
  const inner: View = { octets, end: total === 0 ? view.end : Math.min(view.end, at + total), isCut }
  const header: IpHeader = {
    family: 'IP',
    source: formatIpv4(octets, at + 12),
    destination: formatIpv4(octets, at + 16),
    protocol: octets[at + 9] ?? 0,
  }
  const fragment = u16(octets, at + 6)
  if ((fragment & 0x1fff) !== 0) return `IP ${header.source} > ${header.destination}: ${protocolName(header.protocol)}`
  const rest = (total === 0 ? view.end - at : total) - headerLength
  return printTransport(inner, at + headerLength, { header, length: rest, options })
}

function printIpv6(view: View, at: number, options: PrintOptions): string {
  const { octets } = view
  if (view.end - at < 40) return 'IP6 [|ip6]'
  const payload = u16(octets, at + 4)
  let protocol = octets[at + 6] ?? 0
  let offset = at + 40
  let prefix = ''
  const end = Math.min(view.end, offset + payload)
  for (let count = 0; count < 8 && end - offset >= 8; count += 1) {
    if (protocol === 0) prefix += 'HBH '
    else if (protocol === 60) prefix += 'DSTOPT '
    else if (protocol === 44) {
      const field = u16(octets, offset + 2)
      const [source, destination] = [formatIpv6(octets, at + 8), formatIpv6(octets, at + 24)]
      const size = at + 40 + payload - offset - 8
      prefix += `frag (${field & 0xfff8}|${size}) `
      if ((field & 0xfff8) !== 0) return `IP6 ${source} > ${destination}: ${prefix.trimEnd()}`
      protocol = octets[offset] ?? 0
      offset += 8
      continue
    } else break
    protocol = octets[offset] ?? 0
    offset += ((octets[offset + 1] ?? 0) + 1) * 8
  }
  const header: IpHeader = {
    family: 'IP6',
    source: formatIpv6(octets, at + 8),
    destination: formatIpv6(octets, at + 24),
    protocol,
  }
  const inner: View = { octets, end, isCut: at + 40 + payload > view.end }
  return printTransport(inner, offset, { header, length: at + 40 + payload - offset, options, prefix })
}

function protocolName(protocol: number): string {
  const known: Readonly<Record<number, string>> = {
    1: 'icmp',
    2: 'igmp',
    4: 'ipencap',
    6: 'tcp',
    17: 'udp',
    41: 'ipv6',
    47: 'gre',
    50: 'esp',
    58: 'ipv6-icmp',
  }
  return known[protocol] ?? `ip-proto-${protocol}`
}

interface TransportPlace {
  readonly header: IpHeader
  /** Octets from the transport header on, by the IP header. */
  readonly length: number
  readonly options: PrintOptions
  readonly prefix?: string
}

function printTransport(view: View, at: number, place: TransportPlace): string {
  const { header, options, prefix = '' } = place
  const { family, source, destination, protocol } = header
  switch (protocol) {
    case 17:
      return printUdp(view, at, place)
    case 6:
      return printTcp(view, at, place)
    case 1:
      return `${family} ${source} > ${destination}: ${printIcmp(view, at, place.length)}`
    case 58:
      return `${family} ${source} > ${destination}: ${prefix}${printIcmp6(view, at, place.length)}`
    case 4:
      return `${family} ${source} > ${destination}: ${printIpv4(view, at, options)}`
    case 41:
      return `${family} ${source} > ${destination}: ${printIpv6(view, at, options)}`
    default:
      return `${family} ${source} > ${destination}: ${prefix}${protocolName(protocol)} ${place.length}`
  }
}

// --- UDP ---

function printUdp(view: View, at: number, { header, options, prefix = '', length: given }: TransportPlace): string {
  const { octets, end } = view
  const { family, source, destination } = header
  if (end - at < 8) return `${family} ${source} > ${destination}: [|udp]`
  const [from, to] = [u16(octets, at), u16(octets, at + 2)]
  const heading = `${family} ${source}.${from} > ${destination}.${to}: ${prefix}`
  const length = u16(octets, at + 4) - 8
  if (options.ports.has(from) || options.ports.has(to)) {
    const isMdns = (from === 5353 || to === 5353) && from !== 53 && to !== 53
    return (
      heading +
      printMessage({
        octets,
        start: at + 8,
        end: Math.min(end, at + 8 + length),
        length: Math.min(length, given - 8),
        isMdns,
      })
    )
  }
  if (to === 4789 || to === 8472) return heading + printVxlan(view, at + 8, { isFlannel: to === 8472, options })
  return `${heading}UDP, length ${length}`
}

function printVxlan(
  view: View,
  at: number,
  { isFlannel, options }: { isFlannel: boolean; options: PrintOptions },
): string {
  const { octets, end } = view
  if (end - at < 8 + 14) return isFlannel ? 'OTV [|otv]' : 'VXLAN [|vxlan]'
  const flags = octets[at] ?? 0
  const network = (u16(octets, at + 4) << 8) | (octets[at + 6] ?? 0)
  const shown = `flags [${(flags & 8) === 0 ? '.' : 'I'}] (0x${flags.toString(16).padStart(2, '0')})`
  const overlay = (u16(octets, at + 1) << 8) | (octets[at + 3] ?? 0)
  const heading = isFlannel
    ? `OTV, ${shown}, overlay ${overlay}, instance ${network}`
    : `VXLAN, ${shown}, vni ${network}`
  return `${heading}\n${printNetwork(view, { type: u16(octets, at + 20), at: at + 22, options, link: end - at - 8 })}`
}

// --- TCP ---

const FLAGS: readonly (readonly [number, string])[] = [
  [1, 'F'],
  [2, 'S'],
  [4, 'R'],
  [8, 'P'],
  [16, '.'],
  [32, 'U'],
  [64, 'E'],
  [128, 'W'],
]

function printTcp(view: View, at: number, { header, options, prefix = '', length: given }: TransportPlace): string {
  const { octets, end } = view
  const { family, source, destination } = header
  if (end - at < 20) return `${family} ${source} > ${destination}: [|tcp]`
  const [from, to] = [u16(octets, at), u16(octets, at + 2)]
  const headerLength = ((octets[at + 12] ?? 0) >>> 4) * 4
  const flags = octets[at + 13] ?? 0
  const length = given - headerLength
  const numbers = relativeNumbers(octets, at, { key: [`${source}.${from}`, `${destination}.${to}`], flags, options })
  const shown = FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, letter]) => letter)
  let text = `${family} ${source}.${from} > ${destination}.${to}: ${prefix}Flags [${shown.length === 0 ? 'none' : shown.join('')}]`
  if (length > 0 || (flags & 7) !== 0)
    text += `, seq ${numbers.seq}${length > 0 ? `:${(numbers.seq + length) >>> 0}` : ''}`
  if ((flags & 16) !== 0) text += `, ack ${numbers.ack}`
  text += `, win ${u16(octets, at + 14)}`
  if ((flags & 32) !== 0) text += `, urg ${u16(octets, at + 18)}`
  if (headerLength > 20) text += `, options [${tcpOptions(octets, at + 20, Math.min(end, at + headerLength))}]`
  text += `, length ${Math.max(0, length)}`
  const payload = at + headerLength
  if (length < 2 || !(options.ports.has(from) || options.ports.has(to)) || end - payload < 2) return text
  const size = u16(octets, payload)
  return `${text} ${printMessage({ octets, start: payload + 2, end: Math.min(end, payload + 2 + size), length: size, isMdns: false })}`
}

interface NumbersOf {
  readonly key: readonly [string, string]
  readonly flags: number
  readonly options: PrintOptions
}

/** Sequence numbers count from the first that was seen, once both sides are known. */
function relativeNumbers(
  octets: Uint8Array,
  at: number,
  { key: [one, other], flags, options }: NumbersOf,
): { seq: number; ack: number } {
  const [seq, ack] = [u32(octets, at + 4), u32(octets, at + 8)]
  if ((flags & 16) === 0) return { seq, ack }
  const isForward = one < other
  const key = isForward ? `${one} ${other}` : `${other} ${one}`
  const known = options.relative.get(key)
  if (known === undefined || (flags & 2) !== 0) {
    if (options.relative.size >= MAX_CONNECTIONS) options.relative.clear()
    const before = (ack - 1) >>> 0
    options.relative.set(key, isForward ? { seq, ack: before } : { seq: before, ack: seq })
    return { seq, ack }
  }
  const [own, peer] = isForward ? [known.seq, known.ack] : [known.ack, known.seq]
  return { seq: (seq - own) >>> 0, ack: (ack - peer) >>> 0 }
}

function tcpOptions(octets: Uint8Array, start: number, end: number): string {
  const shown: string[] = []
  for (let at = start; at < end;) {
    const kind = octets[at] ?? 0
    if (kind === 0) {
      shown.push('eol')
      break
    }
    if (kind === 1) {
      shown.push('nop')
      at += 1
      continue
    }
    const length = octets[at + 1] ?? 0
    if (length < 2 || at + length > end) {
      shown.push('[|tcp]')
      break
    }
    shown.push(tcpOption(octets, at, { kind, length }))
    at += length
  }
  return shown.join(',')
}

function tcpOption(octets: Uint8Array, at: number, { kind, length }: { kind: number; length: number }): string {
  if (kind === 2 && length === 4) return `mss ${u16(octets, at + 2)}`
  if (kind === 3 && length === 3) return `wscale ${octets[at + 2]}`
  if (kind === 4) return 'sackOK'
  if (kind === 8 && length === 10) return `TS val ${u32(octets, at + 2)} ecr ${u32(octets, at + 6)}`
  if (kind === 5) {
    const blocks = Array.from(
      { length: Math.trunc((length - 2) / 8) },
      (_, index) => `{${u32(octets, at + 2 + index * 8)}:${u32(octets, at + 6 + index * 8)}}`,
    )
    return `sack ${blocks.length} ${blocks.join('')}`
  }
  return `unknown-${kind}`
}

// --- ICMP ---

function printIcmp({ octets, end }: View, at: number, length: number): string {
  if (end - at < 8) return 'ICMP [|icmp]'
  const [type, code] = [octets[at] ?? 0, octets[at + 1] ?? 0]
  if (type === 8 || type === 0) {
    return `ICMP echo ${type === 8 ? 'request' : 'reply'}, id ${u16(octets, at + 4)}, seq ${u16(octets, at + 6)}, length ${length}`
  }
  const inner = at + 8
  const address = end - inner >= 20 ? formatIpv4(octets, inner + 16) : '?'
  if (type === 11) return `ICMP time exceeded in-transit, length ${length}`
  if (type !== 3) return `ICMP type-#${type}, length ${length}`
  switch (code) {
    case 0:
      return `ICMP net ${address} unreachable, length ${length}`
    case 1:
      return `ICMP host ${address} unreachable, length ${length}`
    case 2:
      return `ICMP ${address} protocol ${octets[inner + 9]} unreachable, length ${length}`
    case 3: {
      const port = u16(octets, inner + ((octets[inner] ?? 0) & 15) * 4 + 2)
      return `ICMP ${address} ${protocolName(octets[inner + 9] ?? 0)} port ${port} unreachable, length ${length}`
    }
    case 4: {
      const mtu = u16(octets, at + 6)
      return `ICMP ${address} unreachable - need to frag${mtu === 0 ? '' : ` (mtu ${mtu})`}, length ${length}`
    }
    case 9:
      return `ICMP net ${address} unreachable - admin prohibited, length ${length}`
    case 10:
      return `ICMP host ${address} unreachable - admin prohibited, length ${length}`
    case 13:
      return `ICMP ${address} unreachable - admin prohibited filter, length ${length}`
    default:
      return `ICMP ${address} unreachable - #${code}, length ${length}`
  }
}

function printIcmp6({ octets, end }: View, at: number, length: number): string {
  if (end - at < 8) return 'ICMP6 [|icmp6]'
  const [type, code] = [octets[at] ?? 0, octets[at + 1] ?? 0]
  const inner = at + 8
  const target = end - inner >= 16 ? formatIpv6(octets, inner) : '?'
  switch (type) {
    case 1: {
      const address = end - inner >= 40 ? formatIpv6(octets, inner + 24) : '?'
      if (code === 4)
        return `ICMP6, destination unreachable, unreachable port, ${address} ${protocolName(octets[inner + 6] ?? 0)} port ${u16(octets, inner + 42)}, length ${length}`
      if (code === 1) return `ICMP6, destination unreachable, unreachable prohibited ${address}, length ${length}`
      if (code === 0) return `ICMP6, destination unreachable, unreachable route ${address}, length ${length}`
      return `ICMP6, destination unreachable, unreachable address ${address}, length ${length}`
    }
    case 2:
      return `ICMP6, packet too big, mtu ${u32(octets, at + 4)}, length ${length}`
    case 128:
    case 129:
      return `ICMP6, echo ${type === 128 ? 'request' : 'reply'}, id ${u16(octets, at + 4)}, seq ${u16(octets, at + 6)}, length ${length}`
    case 133:
      return `ICMP6, router solicitation, length ${length}`
    case 134:
      return `ICMP6, router advertisement, length ${length}`
    case 135:
      return `ICMP6, neighbor solicitation, who has ${target}, length ${length}`
    case 136:
      return `ICMP6, neighbor advertisement, tgt is ${target}, length ${length}`
    default:
      return `ICMP6, type-#${type}, length ${length}`
  }
}

function u16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
}

function u32(octets: Uint8Array, at: number): number {
  return u16(octets, at) * 65_536 + u16(octets, at + 2)
}
