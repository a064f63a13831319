// One rung of the ladder: one question from one place to one server, what should come and what came. Plain data, so that
// a bundle can hold it and every later stage can be replayed without a network.
import type { DomainName, Rcode, RRType } from '../../dns/message.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { Place } from '../../vantage/vantage.ts'
import type { Phrase } from './phrase.ts'

/**
 * A kind of server on the way of a query, from the pod outwards; kube-proxy only carries it. A `nameserver` stands in a
 * pod's resolv.conf or in kubelet's clusterDNS and is none of the others that are known there.
 */
export type HopKind = 'dns-service' | 'kube-proxy' | 'nameserver' | 'node-cache' | 'replica' | 'upstream'

export interface Hop {
  readonly kind: HopKind
  /** Service or pod as `namespace/name`, an upstream's address. */
  readonly name: string
  /** Where the server runs, for a replica or a node cache. */
  readonly node?: string
}

/**
 * Why the question is asked: what its answer decides. `again` asks for the asked name once more where a cache may hold another
 * answer, `families` asks a server for the other address family, `large` for
 * more than a small datagram holds, `outside` for the asked name as it stands where a search domain made a Service of it, `pair` for
 * both families from one socket as stub resolvers do, `setup` reads node-cache's own metrics, `stub` asks a name below a zone with
 * upstreams of its own, `suffix` a made-up name below a search domain that pods inherit.
 */
export type Purpose =
  | 'again'
  | 'asked'
  | 'canary'
  | 'external'
  | 'families'
  | 'health'
  | 'large'
  | 'metrics'
  | 'outside'
  | 'pair'
  | 'ready'
  | 'setup'
  | 'stub'
  | 'suffix'
  | 'version'

export type RungQuestion =
  | {
      readonly kind: 'dns'
      readonly name: DomainName
      readonly type: RRType
      /** Asked for this type as well, right behind and from the same socket; over and over, each time from another port. */
      readonly besideType?: RRType
      /** Octets that the query says it takes over UDP; 1232 when absent. */
      readonly udpPayloadSize?: number
      /** Asked without an OPT record (RFC 6891), as stub resolvers do that have none. */
      readonly withoutEdns?: true
    }
  | { readonly kind: 'http'; readonly path: string }

export type Expectation =
  /** This rcode and, in any order, this RDATA in presentation format. */
  | {
      readonly kind: 'records'
      readonly rcode: Rcode
      readonly records: readonly string[]
      /** Seconds that a fresh answer carries: of its records, or of its SOA; less of them shows a cache. */
      readonly ttl?: number
    }
  /** An answer: NOERROR with a record, or, when nobody claims that the name exists, NXDOMAIN or NODATA as well. */
  | {
      readonly kind: 'answer'
      readonly mustExist: boolean
      /** True where a record must hold an address: a CNAME alone leads nowhere. */
      readonly needsAddress?: boolean
    }
  /** NOERROR, with records or without: the name exists with another type, and only NODATA may say that this one is missing. */
  | { readonly kind: 'no-denial' }
  | { readonly kind: 'status'; readonly status: number }

export interface ResponseSummary {
  readonly kind: 'response'
  readonly rcode: Rcode
  /** RDATA of the answer section in presentation format, sorted; at most {@link MAX_RECORDS}. */
  readonly records: readonly string[]
  /** Records in the answer section, kept or not. */
  readonly recordCount: number
  readonly aa: boolean
  readonly tc: boolean
  /** Least TTL of the answer section, in seconds: below the configured one it comes from a cache. */
  readonly ttl?: number
  /** TTL of the SOA record in the authority section, in seconds: it decreases in a negative cache (RFC 2308 §5). */
  readonly soaTtl?: number
}

export type Observation =
  | ResponseSummary
  | { readonly kind: 'status'; readonly status: number; readonly summary: string }
  | {
      readonly kind: 'timeout'
      /** Over TCP: the server took the connection, and nothing came over it. */
      readonly connected?: true
      /** Only one of two queries from one socket was answered, at times: of so many pairs so many. */
      readonly pairs?: { readonly asked: number; readonly halved: number }
    }
  | { readonly kind: 'closed' | 'refused' | 'unreachable'; readonly detail: string }
  | { readonly kind: 'nothing' }

export type RungTransport = 'http' | 'tcp' | 'udp'

export interface Rung {
  /** Unique in its ladder and the same in every run: `replica/kube-system/coredns-x/from/node/node1/udp/canary`. */
  readonly id: string
  readonly hop: Hop
  readonly from: Place
  /** The node that the place is on, when it is known. */
  readonly fromNode?: string
  readonly to: Endpoint
  readonly transport: RungTransport
  readonly purpose: Purpose
  readonly question: RungQuestion
  readonly expected: Expectation
  readonly observed: Observation
  /** Milliseconds until the response of the attempt that got one. */
  readonly rttMs?: number
  /** Milliseconds until the outcome was known, lost attempts included. */
  readonly elapsedMs: number
  /** Attempts made; more than one when datagrams were lost. */
  readonly attempts: number
  /** Messages that came but were not the response, one phrase each. */
  readonly stray: readonly Phrase[]
  /** `intermittent` with {@link repeats} only: it was as expected at times; `observed` is then what came at its best. */
  readonly result: RungResult
  /** Why it failed, or most often failed, or was skipped. */
  readonly why?: Phrase
  /** What would have let a skipped rung run. */
  readonly needs?: Phrase
  /** The command a person would have typed. */
  readonly equivalent: string
  /** What came of asking many times (`--repeat`). */
  readonly repeats?: Repeats
}

export type RungResult = 'failed' | 'intermittent' | 'ok' | 'skipped'

/** Counts of attempts: of each question with one source port of its own, and no second attempt. */
export interface Repeats {
  readonly asked: number
  readonly ok: number
  /** All that were not as expected, timeouts included. */
  readonly failed: number
  readonly timeouts: number
  /** What came instead, most frequent first; rare kinds may be left out. */
  readonly failures: readonly { readonly observed: Observation; readonly why: Phrase; readonly count: number }[]
  /** Of the attempts that brought a response; absent when none did. */
  readonly rttMs?: {
    readonly least: number
    readonly median: number
    readonly p95: number
    readonly greatest: number
  }
}

/** Whether a rung failed, always or at times. */
export function isFailing({ result }: Pick<Rung, 'result'>): boolean {
  return result === 'failed' || result === 'intermittent'
}

/** Milliseconds: what a server has in memory it gives in less than one as a rule. */
export const LATE_ANSWER_MS = 500
const FROM_MEMORY: ReadonlySet<Purpose> = new Set(['canary', 'health', 'ready', 'version'])

/** Whether CoreDNS took long to answer what it needs nobody else for. */
export function isLateAnswer({ hop, purpose, rttMs = 0 }: Pick<Rung, 'hop' | 'purpose' | 'rttMs'>): boolean {
  return hop.kind === 'replica' && FROM_MEMORY.has(purpose) && rttMs >= LATE_ANSWER_MS
}

/** A rung as it is when it fails: of an intermittent one its most frequent failure, any other one itself. */
export function asFailed(rung: Rung): Rung {
  const [failure] = rung.repeats?.failures ?? []
  if (rung.result !== 'intermittent' || failure === undefined) return rung
  return { ...rung, observed: failure.observed, result: 'failed', why: failure.why }
}

/** Longest list of RDATA kept for one rung. */
export const MAX_RECORDS = 64

/** A place as text that is stable and short: `node/node4`, `pod/ns/name`, `here`. */
export function formatPlace(place: Place): string {
  switch (place.kind) {
    case 'here':
      return 'here'
    case 'node':
      return `node/${place.name}`
    case 'pod':
      return `pod/${place.namespace}/${place.name}`
  }
}

/** `10.233.0.3:53`, `[2001:db8::1]:53`; empty without an address. */
export function formatEndpoint({ address, port }: Endpoint): string {
  if (address === '') return ''
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
