// Figures over finished transactions: totals, rcodes, latencies, pairs of client and server, names; and the incidents that patterns
// are found in. Hot path for what is ordinary; whatever is out of the ordinary becomes a plain object, within limits.
import type { AddressId } from '../../capture/index.ts'
import type { NameTable } from '../messages/name-table.ts'
import type { Transaction } from '../transactions/transaction.ts'
import {
  ANSWERED_AT,
  BITS,
  CLIENT,
  CONFLICTING,
  ENDPOINT,
  FIRST_AT,
  MASQUERADE,
  NAME,
  PORTS,
  QUERY_FRAME,
  QUESTION,
  RCODE,
  RESPONSES,
  RESPONSE_BYTES,
  ROW,
  SENDS,
  SERVER,
  STRANGER,
  TCP,
  TRUNCATED,
} from '../transactions/transaction-row.ts'
import type { TransactionTable } from '../transactions/transaction-table.ts'
import { isClusterName } from './cluster-name.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { LoadCurve } from './load-curve.ts'
import { NameFigures } from './name-figures.ts'
import { OpenQuestions } from './open-questions.ts'
import { MAX_FOLLOW_UPS, MAX_INCIDENTS, createPair } from './pair.ts'
import type { FollowUp, Incident, Pair } from './pair.ts'
import { SearchLists } from './search-lists.ts'

const TYPE_A = 1
const TYPE_AAAA = 28
const SERVFAIL = 2
const NXDOMAIN = 3
const REFUSED = 5
const MAX_PAIRS = 16_384
const MAX_SERVERS = 2048
const MAX_ALL_INCIDENTS = 16_384
/** A power of two. */
const CACHED_PAIRS = 1 << 13
const FOLLOW_UP_MICROS = 40e6
/** A response so late is worth a look: resolvers ask again after a second at the earliest. */
const LATE_MICROS = 1e6
const PARALLEL_MICROS = 100_000
/** Who asks the same again after this time does not wait for the first response any more. */
const GIVEN_UP_MICROS = 500_000

/** What is known of one server, over all its clients. */
export interface ServerFigures {
  readonly server: AddressId
  queries: number
  answered: number
  unanswered: number
  readonly latency: LatencyHistogram
  readonly clusterLatency: LatencyHistogram
  readonly externalLatency: LatencyHistogram
  readonly load: LoadCurve
}

/** Where a transaction is counted. */
interface Counters {
  readonly pair: Pair
  readonly figures: ServerFigures
}

/** Counts transactions as they finish. */
export class Traffic {
  readonly latency: LatencyHistogram = new LatencyHistogram()
  readonly pairs: Map<number, Pair> = new Map()
  readonly servers: Map<AddressId, ServerFigures> = new Map()
  readonly rcodes: Map<number, number> = new Map()
  readonly types: Map<number, number> = new Map()
  readonly searchLists: SearchLists
  transactions = 0
  answered = 0
  unanswered = 0
  unknown = 0
  resent = 0
  overTcp = 0
  /** Asked again with a new id because nothing came. */
  retried = 0
  /** Asked of another server at the same time. */
  parallel = 0
  readonly nameFigures: NameFigures = new NameFigures()
  readonly #names: NameTable
  readonly #table: TransactionTable
  #incidentCount = 0
  /** Unanswered or truncated questions by client, name and type: what comes next for them is a consequence. */
  readonly #open = new OpenQuestions()
  // A cache in front of the pairs, each at one place only.
  readonly #cachedClients: Int32Array = new Int32Array(CACHED_PAIRS).fill(-1)
  readonly #cachedServers: Int32Array = new Int32Array(CACHED_PAIRS)
  readonly #cached: (Counters | undefined)[] = Array.from({ length: CACHED_PAIRS })
  #rcodeCounts: Uint32Array = new Uint32Array(4096)
  #typeCounts: Uint32Array = new Uint32Array(65_536)

  /** Means nothing: without it, what {@link prepare} reads would be optimized away. */
  touched = 0

  constructor(names: NameTable, table: TransactionTable) {
    this.#names = names
    this.#table = table
    this.searchLists = new SearchLists(names)
  }

  /** Touches what {@link take} will need: called for some transactions before, their cache misses overlap. */
  prepare(slot: number): void {
    const { words } = this.#table.rows
    const at = slot * ROW
    const name = words[at + NAME] ?? 0
    const client = words[at + CLIENT] ?? 0
    const cached = this.#cached[placeOf(client, words[at + SERVER] ?? 0)]
    this.touched ^=
      this.nameFigures.queries(name) ^
      (cached === undefined ? 0 : cached.pair.udpAnswered) ^
      (this.#open.mayHave(client, name, (words[at + QUESTION] ?? 0) & 0xffff) ? 1 : 0)
  }

  /** Takes the transaction in a slot of the table. @returns it as a value when it is out of the ordinary */
  take(slot: number): Transaction | undefined {
    const { words, times, halves, octets } = this.#table.rows
    const at = slot * ROW
    const state = this.#table.state(slot)
    const bits = octets[4 * at + BITS] ?? 0
    const isTcp = (bits & TCP) !== 0
    const name = words[at + NAME] ?? 0
    const type = (words[at + QUESTION] ?? 0) & 0xffff
    const rcode = halves[2 * at + RCODE] ?? 0
    const sends = halves[2 * at + SENDS] ?? 0
    const firstAt = times[at / 2 + FIRST_AT] ?? 0
    const serverPort = (words[at + PORTS] ?? 0) & 0xffff
    const { pair, figures } = this.#countersOf(words[at + CLIENT] ?? 0, words[at + SERVER] ?? 0, serverPort)
    this.transactions += 1
    this.resent += sends - 1
    pair.resent += sends - 1
    figures.queries += 1
    if (isTcp) this.overTcp += 1
    this.#typeCounts[type] = (this.#typeCounts[type] ?? 0) + 1
    this.nameFigures.countQuery(name)
    const endpoint = words[at + ENDPOINT] ?? 0
    if (endpoint !== 0)
      this.#countEndpoint(pair, endpoint, { isAnswered: state === 'answered', slot, isKnown: state !== 'unknown' })
    if (words[at + MASQUERADE] !== 0) pair.masqueradeLegs += 1
    if (state === 'answered') {
      const micros = (times[at / 2 + ANSWERED_AT] ?? 0) - firstAt
      const bytes = halves[2 * at + RESPONSE_BYTES] ?? 0
      this.answered += 1
      this.latency.add(micros)
      this.#rcodeCounts[rcode & 4095] = (this.#rcodeCounts[rcode & 4095] ?? 0) + 1
      figures.answered += 1
      figures.latency.add(micros)
      figures.load.add(firstAt, micros)
      const kind = this.#kindOf(name)
      if (kind === 1) figures.clusterLatency.add(micros)
      else if (kind === 2) figures.externalLatency.add(micros)
      if (isTcp) pair.tcpAnswered += 1
      else {
        pair.udpAnswered += 1
        if (bytes > pair.largestUdp) pair.largestUdp = bytes
      }
      if (type === TYPE_A) pair.aAnswered += 1
      else if (type === TYPE_AAAA) pair.aaaaAnswered += 1
      this.nameFigures.countResponse(name, bytes, rcode === NXDOMAIN)
      if (rcode === NXDOMAIN || (rcode === 0 && this.searchLists.isWaiting)) {
        const frame = (words[at + QUERY_FRAME] ?? 0) >>> 0
        const beginning = this.nameFigures.beginning(name)
        this.searchLists.take(pair.client, name, beginning, kind === 1, rcode === NXDOMAIN, firstAt, frame)
      }
    } else if (state === 'unanswered') {
      this.unanswered += 1
      figures.unanswered += 1
      figures.load.add(firstAt, -1)
      if (isTcp) pair.tcpUnanswered += 1
      else pair.udpUnanswered += 1
    } else {
      this.unknown += 1
      pair.unknown += 1
    }
    if (this.#open.mayHave(pair.client, name, type)) this.#linkFollowUp(slot, pair)
    const isOrdinary =
      state === 'answered' &&
      sends === 1 &&
      octets[4 * at + RESPONSES] === 1 &&
      (times[at / 2 + ANSWERED_AT] ?? 0) - firstAt < LATE_MICROS &&
      rcode !== SERVFAIL &&
      rcode !== REFUSED &&
      words[at + STRANGER] === 0 &&
      (bits & (TRUNCATED | CONFLICTING)) === 0
    return isOrdinary ? undefined : this.#note(slot, pair)
  }

  /** Rcodes so far, the most frequent first. */
  liveRcodes(): [number, number][] {
    const counts: [number, number][] = []
    this.#rcodeCounts.forEach((count, rcode) => {
      if (count > 0) counts.push([rcode, count])
    })
    return counts.sort(([, a], [, b]) => b - a)
  }

  /** Ends counting: tables of small counters become maps. */
  finish(): void {
    for (const [rcode, count] of this.liveRcodes()) this.rcodes.set(rcode, count)
    this.#typeCounts.forEach((count, type) => {
      if (count > 0) this.types.set(type, count)
    })
  }

  #note(slot: number, pair: Pair): Transaction {
    const transaction = this.#table.read(slot)
    const incident: Incident = { transaction, followUps: [] }
    if (pair.incidents.length < MAX_INCIDENTS && this.#incidentCount < MAX_ALL_INCIDENTS) {
      this.#incidentCount += 1
      pair.incidents.push(incident)
    }
    if (transaction.state !== 'answered') this.#linkParallel(slot, incident)
    if (
      transaction.name !== 0 &&
      (transaction.state !== 'answered' ||
        transaction.isTruncated ||
        transaction.sends > 1 ||
        transaction.answeredAtMicros - transaction.firstAtMicros >= LATE_MICROS)
    ) {
      this.#open.add(incident)
    }
    return transaction
  }

  #linkFollowUp(slot: number, pair: Pair): void {
    const { words, times } = this.#table.rows
    const at = slot * ROW
    const earlier = this.#open.get(pair.client, words[at + NAME] ?? 0, (words[at + QUESTION] ?? 0) & 0xffff)
    if (earlier === undefined) return
    const since = (times[at / 2 + FIRST_AT] ?? 0) - earlier.transaction.firstAtMicros
    const followUp = this.#followUpOf(slot, since < PARALLEL_MICROS && pair.server !== earlier.transaction.server)
    if (since > FOLLOW_UP_MICROS) {
      this.#open.delete(earlier)
      return
    }
    if (earlier.transaction.state === 'unknown' && !followUp.isParallel && since >= GIVEN_UP_MICROS)
      this.#giveUp(earlier)
    if (followUp.isParallel) this.parallel += 1
    else if (earlier.transaction.state === 'unanswered' && followUp.transport === earlier.transaction.transport)
      this.retried += 1
    if (earlier.followUps.length < MAX_FOLLOW_UPS) earlier.followUps.push(followUp)
    if (followUp.isAnswered) this.#open.delete(earlier)
  }

  /** A query whose response could have come after the capture's end, but was not waited for any longer. */
  #giveUp(incident: Incident): void {
    const { client, server, transport } = incident.transaction
    const pair = this.pairs.get(client * 1_048_576 + server)
    const figures = this.servers.get(server)
    incident.transaction = { ...incident.transaction, state: 'unanswered' }
    this.unknown -= 1
    this.unanswered += 1
    if (figures !== undefined) figures.unanswered += 1
    if (pair === undefined) return
    pair.unknown -= 1
    if (transport === 'tcp') pair.tcpUnanswered += 1
    else pair.udpUnanswered += 1
  }

  #linkParallel(slot: number, incident: Incident): void {
    const { words, times } = this.#table.rows
    const at = slot * ROW
    for (const number of this.#table.alike(slot)) {
      const other = this.#table.slotOf(number) * ROW
      const apart = Math.abs((times[other / 2 + FIRST_AT] ?? 0) - (times[at / 2 + FIRST_AT] ?? 0))
      const isOfClient = words[other + CLIENT] === words[at + CLIENT]
      if (!isOfClient || words[other + SERVER] === words[at + SERVER] || apart > PARALLEL_MICROS) continue
      if (incident.followUps.length < MAX_FOLLOW_UPS) incident.followUps.push(this.#followUpOf(other / ROW, true))
    }
  }

  #followUpOf(slot: number, isParallel: boolean): FollowUp {
    const transaction = this.#table.read(slot)
    const isAnswered = transaction.responses > 0
    const { number, server, transport, rcode, isTruncated, firstAtMicros, queryFrame, responseFrame } = transaction
    const responseBytes = isAnswered ? transaction.responseBytes : 0
    return {
      number,
      server,
      transport,
      isAnswered,
      rcode,
      responseBytes,
      isTruncated,
      firstAtMicros,
      queryFrame,
      responseFrame,
      isParallel,
    }
  }

  #countEndpoint(pair: Pair, endpoint: AddressId, seen: { isAnswered: boolean; isKnown: boolean; slot: number }): void {
    pair.endpointLegs += 1
    let counts = pair.endpoints.get(endpoint)
    if (counts === undefined) {
      counts = { answered: 0, unanswered: 0, firstUnansweredFrame: 0 }
      if (pair.endpoints.size < 1024) pair.endpoints.set(endpoint, counts)
    }
    if (seen.isAnswered) counts.answered += 1
    else if (seen.isKnown) {
      counts.unanswered += 1
      if (counts.firstUnansweredFrame === 0)
        counts.firstUnansweredFrame = (this.#table.rows.words[seen.slot * ROW + QUERY_FRAME] ?? 0) >>> 0
    }
  }

  #countersOf(client: AddressId, server: AddressId, serverPort: number): Counters {
    const place = placeOf(client, server)
    const cached = this.#cached[place]
    if (cached !== undefined && this.#cachedClients[place] === client && this.#cachedServers[place] === server)
      return cached
    const pair = this.#pairOf(client, server, serverPort)
    const counters = { pair, figures: this.#figuresOf(pair.server) }
    this.#cachedClients[place] = client
    this.#cachedServers[place] = server
    this.#cached[place] = counters
    return counters
  }

  #pairOf(client: AddressId, server: AddressId, serverPort: number): Pair {
    const key = client * 1_048_576 + server
    let pair = this.pairs.get(key)
    if (pair === undefined) {
      const isFull = this.pairs.size >= MAX_PAIRS
      pair = isFull ? (this.pairs.get(0) ?? createPair(0, 0, 0)) : createPair(client, server, serverPort)
      this.pairs.set(isFull ? 0 : key, pair)
    }
    return pair
  }

  #figuresOf(server: AddressId): ServerFigures {
    const id = this.servers.has(server) || this.servers.size < MAX_SERVERS ? server : 0
    let figures = this.servers.get(id)
    if (figures === undefined) {
      figures = {
        server: id,
        queries: 0,
        answered: 0,
        unanswered: 0,
        latency: new LatencyHistogram(),
        clusterLatency: new LatencyHistogram(),
        externalLatency: new LatencyHistogram(),
        load: new LoadCurve(),
      }
      this.servers.set(id, figures)
    }
    return figures
  }

  /** 1 for names of a cluster, 2 for others; found out once a name. */
  #kindOf(name: number): number {
    const known = this.nameFigures.kind(name)
    if (known !== 0) return known
    const kind = isClusterName(this.#names.octetsOf(name)) ? 1 : 2
    this.nameFigures.mark(name, kind, this.#names.beginningOf(name))
    return kind
  }
}

/** Where a pair is in the cache. */
function placeOf(client: AddressId, server: AddressId): number {
  const mixed = Math.imul(client, 0x9e3779b1) ^ Math.imul(server, 0x85ebca6b)
  return (mixed ^ (mixed >>> 15)) & (CACHED_PAIRS - 1)
}
