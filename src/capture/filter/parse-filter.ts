// Filter expressions: the part of pcap-filter(7) that DNS needs, and a few words of our own.
//   EXPR := TERM { "or" TERM }   TERM := FACTOR { "and" FACTOR }   FACTOR := "not" FACTOR | "(" EXPR ")" | PRIMITIVE
//   PRIMITIVE := ["udp"|"tcp"] ["src"|"dst"] "port" N | ["src"|"dst"] "host" A | "udp" | "tcp" | "icmp" | "vxlan" | "fragment" | "dns"
import { parseAddress } from '../../dns/index.ts'
import { CaptureError } from '../error.ts'

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly of: Filter }
  | { readonly kind: 'port'; readonly port: number; readonly protocol: Protocol | undefined; readonly side: Side }
  | { readonly kind: 'host'; readonly octets: Uint8Array; readonly side: Side }
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  | { readonly kind: 'icmp' | 'fragment' | 'vxlan' }

export type Protocol = 'tcp' | 'udp'
export type Side = 'any' | 'dst' | 'src'

const MAX_DEPTH = 64
const MAX_TERMS = 128
/** Queries and responses, the errors and fragments that belong to them, and what flannel wraps. */
const DNS: readonly string[] = '( port 53 or icmp or fragment or vxlan )'.split(' ')
/** Words that want a number or an address behind them, never "dns". */
const WANTS_OPERAND = new Set(['port', 'host', 'src', 'dst'])

/** Parses an expression; undefined for an empty one, which lets everything pass. @throws {CaptureError} `bad-filter` */
export function parseFilter(text: string): Filter | undefined {
  const typed = text.match(/[()]|[^\s()]+/g) ?? []
  const words = typed.flatMap((word, index) =>
    word === 'dns' && !WANTS_OPERAND.has(typed[index - 1] ?? '') ? DNS : [word],
  )
  if (words.length === 0) return undefined
  if (words.length > MAX_TERMS * 4) throw bad('it is too long')
  let at = 0
  const filter = parseOr(0)
  if (at < words.length) throw bad(`"${words[at]}" is not expected there`)
  return filter

  function parseOr(depth: number): Filter {
    if (depth > MAX_DEPTH) throw bad('its parentheses are too deep')
    let left = parseAnd(depth)
    while (words[at] === 'or' || words[at] === '||') {
      at += 1
      left = { kind: 'or', left, right: parseAnd(depth) }
    }
    return left
  }

  function parseAnd(depth: number): Filter {
    let left = parseFactor(depth)
    while (words[at] === 'and' || words[at] === '&&') {
      at += 1
      left = { kind: 'and', left, right: parseFactor(depth) }
    }
    return left
  }

  function parseFactor(depth: number): Filter {
    if (depth > MAX_DEPTH) throw bad('its parentheses are too deep')
    const word = words[at]
    if (word === 'not' || word === '!') {
      at += 1
      return { kind: 'not', of: parseFactor(depth + 1) }
    }
    if (word !== '(') return parsePrimitive()
    at += 1
    const inner = parseOr(depth + 1)
    if (words[at] !== ')') throw bad('a parenthesis is not closed')
    at += 1
    return inner
  }

  function parsePrimitive(): Filter {
    const protocol = words[at] === 'udp' || words[at] === 'tcp' ? (words[at] as Protocol) : undefined
    if (protocol !== undefined) at += 1
    const side: Side = words[at] === 'src' || words[at] === 'dst' ? (words[at] as Side) : 'any'
    if (side !== 'any') at += 1
    const word = words[at]
    at += 1
    switch (word) {
      case 'port':
        return { kind: 'port', port: readPort(words[at++]), protocol, side }
      case 'host':
        if (protocol !== undefined) break
        return { kind: 'host', octets: readHost(words[at++]), side }
      case 'icmp':
      case 'fragment':
      case 'vxlan':
        if (protocol === undefined && side === 'any') return { kind: word }
        break
      default:
        if (protocol === undefined || side !== 'any') break
        at -= 1
        return { kind: 'protocol', protocol }
    }
    throw bad(
      word === undefined
        ? 'it ends too early'
        : `"${word}" is not known there; there are port, host, udp, tcp, icmp, vxlan, fragment, dns, and, or, not`,
    )
  }

  function readPort(word: string | undefined): number {
    const port = Number(word)
    if (word !== undefined && /^\d{1,5}$/.test(word) && port <= 65_535) return port
    throw bad(`"${word ?? ''}" is not a port`)
  }

  function readHost(word: string | undefined): Uint8Array {
    const octets = parseAddress(word ?? '')
    if (octets === undefined) throw bad(`"${word ?? ''}" is not an IP address`)
    return octets
  }

  function bad(why: string): CaptureError {
    return new CaptureError('bad-filter', 0, `Cannot use filter "${text}": ${why}`)
  }
}
