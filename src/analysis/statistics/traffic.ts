// Figures over finished transactions: totals, rcodes, latencies, pairs of client and server, names; and the incidents that patterns
// are found in. Hot path for what is ordinary; whatever is out of the ordinary becomes a plain object, within limits.
import type { AddressId } from '../../capture/index.ts'
import type { NameTable } from '../messages/name-table.ts'
import type { Transaction } from '../transactions/transaction.ts'
import type { TransactionTable } from '../transactions/transaction-table.ts'
import { isClusterName } from './cluster-name.ts'
import { LatencyHistogram } from './latency-histogram.ts'
import { LoadCurve } from './load-curve.ts'
import { MAX_FOLLOW_UPS, MAX_INCIDENTS, createPair } from './pair.ts'
import type { FollowUp, Incident, Pair } from './pair.ts'
import { SearchLists } from './search-lists.ts'

const TYPE_A = 1
const TYPE_AAAA = 28
const SERVFAIL = 2
const NXDOMAIN = 3
const REFUSED = 5
const MAX_PAIRS = 16_384
const MAX_ALL_INCIDENTS = 16_384
const MAX_OPEN_QUESTIONS = 4096
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
  /** Queries by name, NXDOMAIN responses by name. */
  nameCounts: Uint32Array = new Uint32Array(256)
  nxdomainCounts: Uint32Array = new Uint32Array(256)
  /** Largest response seen for a name, octets, over any transport. */
  largestByName: Uint16Array = new Uint16Array(256)
  readonly #names: NameTable
  readonly #table: TransactionTable
  #incidentCount = 0
  /** Unanswered or truncated questions by client, name and type: what comes next for them is a consequence. */
  readonly #open = new Map<number, Incident>()
  #lastPairKey = -1
  #lastPair: Pair = createPair(0, 0, 0)
  #lastServer: ServerFigures | undefined
  #rcodeCounts: Uint32Array = new Uint32Array(4096)
  #typeCounts: Uint32Array = new Uint32Array(65_536)
  #isCluster: Uint8Array = new Uint8Array(256)

  constructor(names: NameTable, table: TransactionTable) {
    this.#names = names
    this.#table = table
    this.searchLists = new SearchLists(names)
  }

  /** Takes the transaction in a slot of the table. @returns it as a value when it is out of the ordinary */
  take(slot: number): Transaction | undefined {
    const c = this.#table.columns
    const state = this.#table.state(slot)
    const isTcp = ((c.bits[slot] ?? 0) & 1) !== 0
    const name = c.names[slot] ?? 0
    const type = c.types[slot] ?? 0
    const rcode = c.rcodes[slot] ?? 0
    const sends = c.sends[slot] ?? 0
    const firstAt = c.firstAt[slot] ?? 0
    const pair = this.#pairOf(c.clients[slot] ?? 0, c.servers[slot] ?? 0, c.serverPorts[slot] ?? 0)
    const server = this.#serverOf(pair.server)
    this.transactions += 1
    this.resent += sends - 1
    pair.resent += sends - 1
    server.queries += 1
    if (isTcp) this.overTcp += 1
    this.#typeCounts[type] = (this.#typeCounts[type] ?? 0) + 1
    if (name >= this.nameCounts.length) this.#growNames(name)
    this.nameCounts[name] = (this.nameCounts[name] ?? 0) + 1
    const endpoint = c.endpoints[slot] ?? 0
    if (endpoint !== 0)
      this.#countEndpoint(pair, endpoint, { isAnswered: state === 'answered', slot, isKnown: state !== 'unknown' })
    if ((c.masquerades[slot] ?? 0) !== 0) pair.masqueradeLegs += 1
    if (state === 'answered') {
      const micros = (c.answeredAt[slot] ?? 0) - firstAt
      const bytes = c.responseBytes[slot] ?? 0
      this.answered += 1
      this.latency.add(micros)
      this.#rcodeCounts[rcode & 4095] = (this.#rcodeCounts[rcode & 4095] ?? 0) + 1
      server.answered += 1
      server.latency.add(micros)
      server.load.add(firstAt, micros)
      const kind = this.#kindOf(name)
      if (kind === 1) server.clusterLatency.add(micros)
      else if (kind === 2) server.externalLatency.add(micros)
      if (isTcp) pair.tcpAnswered += 1
      else {
        pair.udpAnswered += 1
        if (bytes > pair.largestUdp) pair.largestUdp = bytes
      }
      if (type === TYPE_A) pair.aAnswered += 1
      else if (type === TYPE_AAAA) pair.aaaaAnswered += 1
      if (bytes > (this.largestByName[name] ?? 0)) this.largestByName[name] = bytes
      if (rcode === NXDOMAIN) this.nxdomainCounts[name] = (this.nxdomainCounts[name] ?? 0) + 1
      if (rcode === NXDOMAIN || (rcode === 0 && this.searchLists.isWaiting)) {
        this.searchLists.take(
          { client: pair.client, name, isCluster: kind === 1, isNxdomain: rcode === NXDOMAIN },
          { atMicros: firstAt, frame: c.queryFrames[slot] ?? 0 },
        )
      }
    } else if (state === 'unanswered') {
      this.unanswered += 1
      server.unanswered += 1
      server.load.add(firstAt, -1)
      if (isTcp) pair.tcpUnanswered += 1
      else pair.udpUnanswered += 1
    } else {
      this.unknown += 1
      pair.unknown += 1
    }
    if (this.#open.size > 0) this.#linkFollowUp(slot, pair, name)
    const isOrdinary =
      state === 'answered' &&
      sends === 1 &&
      c.responses[slot] === 1 &&
      (c.answeredAt[slot] ?? 0) - firstAt < LATE_MICROS &&
      rcode !== SERVFAIL &&
      rcode !== REFUSED &&
      c.strangers[slot] === 0 &&
      ((c.bits[slot] ?? 0) & 6) === 0
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
      const key = questionKey(transaction.client, transaction.name, transaction.type)
      if (!this.#open.has(key)) this.#open.set(key, incident)
      if (this.#open.size > MAX_OPEN_QUESTIONS) {
        for (const oldest of this.#open.keys()) {
          this.#open.delete(oldest)
          break
        }
      }
    }
    return transaction
  }

  #linkFollowUp(slot: number, pair: Pair, name: number): void {
    const c = this.#table.columns
    const key = questionKey(pair.client, name, c.types[slot] ?? 0)
    const earlier = this.#open.get(key)
    if (earlier === undefined) return
    const since = (c.firstAt[slot] ?? 0) - earlier.transaction.firstAtMicros
    const followUp = this.#followUpOf(slot, since < PARALLEL_MICROS && pair.server !== earlier.transaction.server)
    if (since > FOLLOW_UP_MICROS) {
      this.#open.delete(key)
      return
    }
    if (earlier.transaction.state === 'unknown' && !followUp.isParallel && since >= GIVEN_UP_MICROS)
      this.#giveUp(earlier)
    if (followUp.isParallel) this.parallel += 1
    else if (earlier.transaction.state === 'unanswered' && followUp.transport === earlier.transaction.transport)
      this.retried += 1
    if (earlier.followUps.length < MAX_FOLLOW_UPS) earlier.followUps.push(followUp)
    if (followUp.isAnswered) this.#open.delete(key)
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
    const c = this.#table.columns
    for (const number of this.#table.alike(slot)) {
      const other = this.#table.slotOf(number)
      const apart = Math.abs((c.firstAt[other] ?? 0) - (c.firstAt[slot] ?? 0))
      if (c.clients[other] !== c.clients[slot] || c.servers[other] === c.servers[slot] || apart > PARALLEL_MICROS)
        continue
      if (incident.followUps.length < MAX_FOLLOW_UPS) incident.followUps.push(this.#followUpOf(other, true))
    }
  }

  #followUpOf(slot: number, isParallel: boolean): FollowUp {
    const c = this.#table.columns
    return {
      number: this.#table.numberOf(slot),
      server: c.servers[slot] ?? 0,
      transport: ((c.bits[slot] ?? 0) & 1) === 0 ? 'udp' : 'tcp',
      isAnswered: (c.responses[slot] ?? 0) > 0,
      rcode: c.rcodes[slot] ?? 0,
      responseBytes: (c.responses[slot] ?? 0) > 0 ? (c.responseBytes[slot] ?? 0) : 0,
      isTruncated: ((c.bits[slot] ?? 0) & 2) !== 0,
      firstAtMicros: c.firstAt[slot] ?? 0,
      queryFrame: c.queryFrames[slot] ?? 0,
      responseFrame: c.responseFrames[slot] ?? 0,
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
        counts.firstUnansweredFrame = this.#table.columns.queryFrames[seen.slot] ?? 0
    }
  }

  #pairOf(client: AddressId, server: AddressId, serverPort: number): Pair {
    const key = client * 1_048_576 + server
    if (key === this.#lastPairKey) return this.#lastPair
    let pair = this.pairs.get(key)
    if (pair === undefined) {
      const isFull = this.pairs.size >= MAX_PAIRS
      pair = isFull ? (this.pairs.get(0) ?? createPair(0, 0, 0)) : createPair(client, server, serverPort)
      this.pairs.set(isFull ? 0 : key, pair)
    }
    this.#lastPairKey = key
    this.#lastPair = pair
    return pair
  }

  #serverOf(server: AddressId): ServerFigures {
    if (this.#lastServer?.server === server) return this.#lastServer
    let figures = this.servers.get(server)
    if (figures === undefined) {
      const id = this.servers.size >= 2048 ? 0 : server
      figures = this.servers.get(id) ?? {
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
    this.#lastServer = figures
    return figures
  }

  /** 1 for names of a cluster, 2 for others; found out once a name. */
  #kindOf(name: number): number {
    const known = this.#isCluster[name] ?? 0
    if (known !== 0) return known
    const kind = isClusterName(this.#names.octetsOf(name)) ? 1 : 2
    this.#isCluster[name] = kind
    return kind
  }

  #growNames(name: number): void {
    const size = 2 * Math.max(name, this.nameCounts.length)
    const counts = new Uint32Array(size)
    counts.set(this.nameCounts)
    this.nameCounts = counts
    const nxdomain = new Uint32Array(size)
    nxdomain.set(this.nxdomainCounts)
    this.nxdomainCounts = nxdomain
    const largest = new Uint16Array(size)
    largest.set(this.largestByName)
    this.largestByName = largest
    const isCluster = new Uint8Array(size)
    isCluster.set(this.#isCluster)
    this.#isCluster = isCluster
  }
}

/** 53 bits: 19 of the client, 18 of the name, 16 of the type. */
function questionKey(client: AddressId, name: number, type: number): number {
  return (client * 262_144 + name) * 65_536 + type
}
