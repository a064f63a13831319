// A DNS message in tcpdump's layout: id, marks, question; or id, rcode, marks, counts and the answers.
import { formatIpv4, formatIpv6, typeMnemonic } from '../../dns/index.ts'

export interface MessageView {
  readonly octets: Uint8Array
  readonly start: number
  /** First octet that was not captured. */
  readonly end: number
  /** Octets that the message has on the wire. */
  readonly length: number
  readonly isMdns: boolean
}

const OPCODES: readonly string[] = [
  '',
  ' inv_q',
  ' stat',
  ' op3',
  ' notify',
  ' update',
  ' op6',
  ' op7',
  ' op8',
  ' updateA',
  ' updateD',
  ' updateDA',
  ' updateM',
  ' updateMA',
  ' zoneInit',
  ' zoneRef',
]
const RCODES: readonly string[] = [
  '',
  ' FormErr',
  ' ServFail',
  ' NXDomain',
  ' NotImp',
  ' Refused',
  ' YXDomain',
  ' YXRRSet',
  ' NXRRSet',
  ' NotAuth',
  ' NotZone',
  ' Resp11',
  ' Resp12',
  ' Resp13',
  ' Resp14',
  ' NoChange',
]
const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CHAOS', 4: 'HS', 255: 'ANY' }

/** Where a name ends, or -1 when it cannot be read. */
let nameEnd = 0

/** Prints one message; what is cut off is marked as tcpdump does. */
export function printMessage({ octets, start, end, length, isMdns }: MessageView): string {
  if (end - start < 12) return `[|domain]`
  const bits = u16(octets, start + 2)
  const questions = u16(octets, start + 4)
  const answers = u16(octets, start + 6)
  const [authority, additional] = [u16(octets, start + 8), u16(octets, start + 10)]
  const id = u16(octets, start)
  let text: string
  if ((bits & 0x8000) === 0) {
    text = `${id}${OPCODES[(bits >>> 11) & 15]}${(bits & 0x0100) === 0 ? '' : '+'}${(bits & 0x0010) === 0 ? '' : '%'}`
    if ((bits & 0x6cf) !== 0) text += ` [b2&3=0x${bits.toString(16)}]`
    if (answers > 0) text += ` [${answers}a]`
    if (questions !== 1) text += ` [${questions}q]`
    if (authority > 0) text += ` [${authority}n]`
    if (additional > 0) text += ` [${additional}au]`
    let at = start + 12
    for (let index = 0; index < questions && at < end; index += 1) {
      const name = readName(octets, start, at, end)
      if (nameEnd < 0 || nameEnd + 4 > end) return `${text}[|domain]`
      text += printQuestion(octets, nameEnd, { name, isMdns })
      at = nameEnd + 4
    }
  } else {
    text = `${id}${OPCODES[(bits >>> 11) & 15]}${RCODES[bits & 15]}${(bits & 0x0400) === 0 ? '' : '*'}${(bits & 0x0080) === 0 ? '-' : ''}${(bits & 0x0200) === 0 ? '' : '|'}${(bits & 0x0020) === 0 ? '' : '$'}`
    if (questions !== 1) text += ` [${questions}q]`
    let at = start + 12
    for (let index = 0; index < questions; index += 1) {
      skipName(octets, at, end)
      if (nameEnd < 0 || nameEnd + 4 > end) return `${text} ${answers}/${authority}/${additional}[|domain]`
      at = nameEnd + 4
    }
    text += ` ${answers}/${authority}/${additional}`
    for (let index = 0; index < answers; index += 1) {
      if (index > 0) text += ','
      skipName(octets, at, end)
      if (nameEnd < 0 || nameEnd + 10 > end) return `${text}[|domain]`
      const [type, size] = [u16(octets, nameEnd), u16(octets, nameEnd + 8)]
      const rdata = nameEnd + 10
      if (rdata + size > end) return `${text} ${typeName(type)}[|domain]`
      text += printRecord(octets, rdata, { type, rrclass: u16(octets, nameEnd + 2), size, message: start, end })
      at = rdata + size
    }
  }
  return `${text} (${length})`
}

function printQuestion(octets: Uint8Array, at: number, { name, isMdns }: { name: string; isMdns: boolean }): string {
  const wanted = u16(octets, at + 2)
  const rrclass = isMdns ? wanted & 0x7fff : wanted
  const shown = rrclass === 1 ? '' : ` ${CLASSES[rrclass] ?? `(Class ${rrclass})`}`
  const mark = isMdns ? ((wanted & 0x8000) === 0 ? ' (QM)' : ' (QU)') : ''
  return ` ${typeName(u16(octets, at))}${mark}${shown}? ${name}`
}

interface RecordPlace {
  readonly type: number
  readonly rrclass: number
  readonly size: number
  readonly message: number
  readonly end: number
}

function printRecord(octets: Uint8Array, at: number, { type, rrclass, size, message, end }: RecordPlace): string {
  const known = rrclass === 1 || (rrclass & 0x7fff) === 1 || type === 41
  const heading = `${known ? '' : ` ${CLASSES[rrclass] ?? `(Class ${rrclass})`}`} ${typeName(type)}`
  const name = (from: number): string => readName(octets, message, from, end)
  switch (type) {
    case 1:
      return size === 4 ? `${heading} ${formatIpv4(octets, at)}` : heading
    case 28:
      return size === 16 ? `${heading} ${formatIpv6(octets, at)}` : heading
    case 2:
    case 5:
    case 12:
    case 39:
      return `${heading} ${name(at)}`
    case 15:
      return `${heading} ${name(at + 2)} ${u16(octets, at)}`
    case 33:
      return `${heading} ${name(at + 6)}:${u16(octets, at + 4)} ${u16(octets, at)} ${u16(octets, at + 2)}`
    case 16:
      return heading + printStrings(octets, at, at + size)
    case 41:
      return `${heading} UDPsize=${rrclass}`
    default:
      return heading
  }
}

function printStrings(octets: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end;) {
    const stop = Math.min(end, at + 1 + (octets[at] ?? 0))
    text += ' "'
    for (at += 1; at < stop; at += 1) text += safe(octets[at] ?? 0)
    text += '"'
  }
  return text
}

function typeName(type: number): string {
  const name = typeMnemonic(type)
  return name.startsWith('TYPE') ? `Type${type}` : name
}

// --- Names ---

/** A name as text; sets `nameEnd`. Pointers must lead backwards. */
// oxlint-disable-next-line max-params -- called for every packet
function readName(octets: Uint8Array, message: number, start: number, end: number): string {
  let text = ''
  let at = start
  let after = -1
  let earliest = start
  for (;;) {
    const head = octets[at] ?? 0
    if (at >= end) break
    if (head === 0) {
      nameEnd = after < 0 ? at + 1 : after
      return text === '' ? '.' : text
    }
    if (head < 64) {
      const stop = at + 1 + head
      if (stop > end || text.length > 1100) break
      for (at += 1; at < stop; at += 1) text += safe(octets[at] ?? 0)
      text += '.'
    } else {
      const target = message + (((head & 63) << 8) | (octets[at + 1] ?? 0))
      if (head < 192 || target >= earliest) break
      if (after < 0) after = at + 2
      earliest = target
      at = target
    }
  }
  nameEnd = -1
  return `${text}[|domain]`
}

function skipName(octets: Uint8Array, start: number, end: number): void {
  let at = start
  while (at < end) {
    const head = octets[at] ?? 0
    if (head === 0) {
      nameEnd = at + 1
      return
    }
    if (head >= 192) {
      nameEnd = at + 2
      return
    }
    if (head >= 64) break
    at += head + 1
  }
  nameEnd = -1
}

const SAFE: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  if (octet >= 0x20 && octet < 0x7f) return String.fromCharCode(octet)
  if (octet < 0x20) return `^${String.fromCharCode(octet ^ 0x40)}`
  if (octet === 0x7f) return '^?'
  const low = octet & 0x7f
  return `M-${low < 0x20 ? `^${String.fromCharCode(low ^ 0x40)}` : low === 0x7f ? '^?' : String.fromCharCode(low)}`
})

/** One octet as tcpdump shows it: control characters as ^X, the upper half as M-x. */
function safe(octet: number): string {
  return SAFE[octet] ?? '?'
}

function u16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
}
