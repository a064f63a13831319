// The connection table as text: lines of /proc/net/nf_conntrack, and of `conntrack -L`, which lacks their first two words.
import { formatIpv6, parseIpv6 } from '../../dns/index.ts'
import type { BusyClient, ConntrackEntry, ConntrackTable, ConntrackTuple, KernelTablesRequest } from './tables.ts'

/** More would be a dump, not evidence. */
const MAX_ENTRIES = 4096
const DNS_PORT = 53
const MAX_BUSIEST = 8

/**
 * Keeps the entries that touch port 53 or one of the addresses; lines that are none count as nothing.
 *
 * Other lines are only counted: taking each of 262,144 apart costs 1.7 s, in which nothing else is asked or answered.
 */
export function parseConntrack(text: string, request: Pick<KernelTablesRequest, 'addresses'>): ConntrackTable {
  const kept = keepConntrack(request)
  const mayConcern = patternFor(request.addresses)
  for (const line of linesOf(text)) {
    if (!line.includes('src=')) continue
    const entry = mayConcern.test(line) ? parseConntrackEntry(line) : 'other'
    if (entry === 'other') kept.count()
    else if (entry !== undefined) kept.add(entry)
  }
  return kept.table()
}

/** Matches every line that touches port 53 or one of the addresses. */
function patternFor(addresses: readonly string[]): RegExp {
  const written = addresses.flatMap((address) => [address, ...fullAddress(address)]).map(escapeRegExp)
  const ends = written.length === 0 ? [] : [`(?:src|dst)=(?:${written.join('|')})`]
  return new RegExp(`(?:${[`[sd]port=${DNS_PORT}`, ...ends].join('|')})(?: |$)`)
}

/** IPv6 as the file writes it: eight groups of four digits. */
function fullAddress(address: string): string[] {
  const octets = address.includes(':') ? parseIpv6(address) : undefined
  if (octets === undefined) return []
  const digits = Buffer.from(octets).toString('hex')
  return [(digits.match(/.{4}/g) ?? []).join(':')]
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

/** Keeps what touches port 53 or one of the addresses, of entries that come one by one. */
export function keepConntrack({ addresses }: Pick<KernelTablesRequest, 'addresses'>): {
  readonly add: (entry: ConntrackEntry) => void
  /** One that is known to touch neither. */
  readonly count: () => void
  readonly table: () => ConntrackTable
} {
  const wanted = new Set(addresses)
  const entries: ConntrackEntry[] = []
  const clients = new Map<string, number>()
  let matching = 0
  let total = 0
  return {
    add(entry) {
      total += 1
      const { source, destination } = entry.original
      if (entry.protocol === 'udp' && destination.port === DNS_PORT) {
        clients.set(source.address, (clients.get(source.address) ?? 0) + 1)
      }
      if (!concerns(entry, wanted)) return
      matching += 1
      if (entries.length < MAX_ENTRIES) entries.push(entry)
    },
    count() {
      total += 1
    },
    table: () => ({ entries, matching, total, busiest: busiestOf(clients) }),
  }
}

function busiestOf(clients: ReadonlyMap<string, number>): BusyClient[] {
  const sorted = [...clients].toSorted(([, a], [, b]) => b - a).slice(0, MAX_BUSIEST)
  return sorted.map(([address, entries]) => ({ address, entries }))
}

/** One line at a time: a busy node's table has hundreds of thousands. */
function* linesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at)
    const stop = end < 0 ? text.length : end
    yield text.slice(at, stop)
    at = stop + 1
  }
}

/** Reads one entry; undefined for a line that is none. */
export function parseConntrackEntry(line: string): ConntrackEntry | undefined {
  const words = line.trim().split(/\s+/)
  const head = words[0] === 'ipv4' || words[0] === 'ipv6' ? 2 : 0
  const [protocol = '', timeout = '', state = ''] = [words[head], words[head + 2], words[head + 3]]
  if (!/^\d+$/.test(timeout)) return undefined
  const first = words.findIndex((word) => word.startsWith('src='))
  const second = words.findIndex((word, index) => index > first && word.startsWith('src='))
  if (first <= head + 2 || second === -1) return undefined
  return {
    protocol,
    ...(first === head + 3 || state.startsWith('[') ? {} : { state }),
    timeoutSeconds: Number(timeout),
    original: parseTuple(words, first, second),
    reply: parseTuple(words, second, words.length),
    isReplied: !words.includes('[UNREPLIED]'),
    isAssured: words.includes('[ASSURED]'),
  }
}

/** In the second tuple mark, zone and use follow; the first of a kind is the tuple's own. */
function parseTuple(words: readonly string[], start: number, end: number): ConntrackTuple {
  const valueOf = (key: string): string | undefined => {
    for (let at = start; at < end; at += 1) if (words[at]?.startsWith(key) === true) return words[at]?.slice(key.length)
    return undefined
  }
  const packets = valueOf('packets=')
  return {
    source: { address: shortAddress(valueOf('src=') ?? ''), port: Number(valueOf('sport=') ?? 0) },
    destination: { address: shortAddress(valueOf('dst=') ?? ''), port: Number(valueOf('dport=') ?? 0) },
    ...(packets === undefined ? {} : { packets: Number(packets) }),
  }
}

/** The file writes IPv6 in full. */
function shortAddress(text: string): string {
  const octets = text.includes(':') ? parseIpv6(text) : undefined
  return octets === undefined ? text : formatIpv6(octets)
}

function concerns({ original, reply }: ConntrackEntry, wanted: ReadonlySet<string>): boolean {
  const ends = [original.source, original.destination, reply.source, reply.destination]
  return (
    original.destination.port === DNS_PORT ||
    reply.source.port === DNS_PORT ||
    ends.some(({ address }) => wanted.has(address))
  )
}
