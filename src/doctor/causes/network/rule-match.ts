// What a packet filter rule matches, as far as its text tells: addresses, protocol and ports.
import { containsAddress } from '../../../kube/policy/index.ts'

/** One direction of an exchange; what is absent may be anything. */
export interface Packets {
  readonly protocol: string
  /** Each address that the sender may have. */
  readonly sources?: readonly string[]
  readonly sourcePort?: number
  readonly destinations?: readonly string[]
  readonly destinationPort?: number
}

/** Matches that narrow by nothing that is not known of packets, or by what holds for most of them. */
const PLAIN = /^(?:comment|tcp|udp|multiport|conntrack|state|addrtype)$/

/**
 * Whether a rule matches such packets.
 *
 * Where it also asks for what its text does not tell, such as a set of addresses, it must name an address or a port of theirs.
 *
 * @param text as iptables-save writes it
 */
export function matchesPackets(text: string, packets: Packets): boolean {
  const { protocol, sources, sourcePort, destinations, destinationPort } = packets
  const options = readOptions(text)
  const held = options.flatMap(({ name, value, isNegated }): boolean[] => {
    const fits = ((): boolean | undefined => {
      switch (name) {
        case '-p':
          return value === protocol || value === 'all' || value === NUMBERS[protocol]
        case '-s':
          return sources?.some((address) => containsAddress(value, address))
        case '-d':
          return destinations?.some((address) => containsAddress(value, address))
        case '--sport':
        case '--sports':
          return sourcePort === undefined ? undefined : holdsPort(value, sourcePort)
        case '--dport':
        case '--dports':
          return destinationPort === undefined ? undefined : holdsPort(value, destinationPort)
        case '--ports':
          return [sourcePort, destinationPort].some((port) => port !== undefined && holdsPort(value, port))
        default:
          return undefined
      }
    })()
    return fits === undefined ? [] : [fits !== isNegated]
  })
  if (held.includes(false)) return false
  const isSelective = options.some(({ name, value }) => name === '-m' && !PLAIN.test(value))
  return !isSelective || options.some(({ name, isNegated }) => NAMING.has(name) && !isNegated)
}

/** Whether a rule names one of these destinations, or a network that holds it. */
export function namesDestination(text: string, addresses: readonly string[]): boolean {
  return readOptions(text).some(
    ({ name, value, isNegated }) =>
      name === '-d' && !isNegated && addresses.some((address) => containsAddress(value, address)),
  )
}

/** Whether a rule names one address, of senders or receivers; one for a network holds back more than single ways. */
export function namesAddress(text: string): boolean {
  return readOptions(text).some(
    ({ name, value, isNegated }) =>
      (name === '-s' || name === '-d') && !isNegated && /^[^/]+(?:\/(?:32|128))?$/.test(value),
  )
}

const NUMBERS: Readonly<Record<string, string>> = { tcp: '6', udp: '17' }
const NAMING: ReadonlySet<string> = new Set(['-s', '-d', '--sport', '--sports', '--dport', '--dports', '--ports'])

interface Option {
  readonly name: string
  readonly value: string
  readonly isNegated: boolean
}

/** Its options with one value; a comment's words are none. */
function readOptions(text: string): Option[] {
  const words = [...text.matchAll(/"(?:[^"\\]|\\.)*"|\S+/g)].map(([word]) => word)
  return words.flatMap((name, index) =>
    name.startsWith('-') && index + 1 < words.length
      ? [{ name, value: words[index + 1] ?? '', isNegated: words[index - 1] === '!' }]
      : [],
  )
}

/** Ports as a list of numbers and ranges: `53`, `53,5353`, `1024:65535`. */
function holdsPort(list: string, port: number): boolean {
  return list.split(',').some((part) => {
    const [from = '', to = from] = part.split(':')
    return port >= Number(from === '' ? 0 : from) && port <= Number(to === '' ? 65_535 : to)
  })
}
