// Figures over finished transactions: totals, rcodes, latencies, pairs of client and server, names; and the incidents that patterns
// are found in. Hot path for what is ordinary; whatever is out of the ordinary becomes a plain object, within limits.
import type { AddressId } from '../../capture/index.ts'
import type { NameTable } from '../messages/name-table.ts'
import type { Transaction, TransactionState } from '../transactions/transaction.ts'
import {
  ANSWERED_AT,
  ANSWERS,
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
  RESPONSE_FRAME,
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
import {
  AAAA_ANSWERED,
  A_ANSWERED,
  LARGEST_UDP,
  PAIR_CLIENT,
  PAIR_ROW,
  PairTable,
  TCP_ANSWERED,
  UDP_ANSWERED,
} from './pair-table.ts'
import { MAX_FOLLOW_UPS, MAX_INCIDENTS } from './pair.ts'
import type { FollowUp, Incident, Pair } from './pair.ts'
import { SearchLists } from './search-lists.ts'

/** Marks of names. */
const [CLUSTER, EXTERNAL] = [1, 2]
const TYPE_A = 1
const TYPE_AAAA = 28
const SERVFAIL = 2
const NXDOMAIN = 3
const REFUSED = 5
const MAX_SERVERS = 2048
const MAX_FRAMES = 6
const MAX_ALL_INCIDENTS = 16_384
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
  readonly clusterLatency: LatencyHistogram
  readonly externalLatency: LatencyHistogram
  readonly load: LoadCurve
  /** The transaction that waited longest for its response. */
  readonly slowest: { micros: number; queryFrame: number; responseFrame: number }
}

/** Counts transactions as they finish. */
export class Traffic {
  readonly pairTable: PairTable = new PairTable()
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
  /** By number of the pair. */
  readonly #figuresOfPair: ServerFigures[] = []
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
    this.touched ^=
      this.nameFigures.queries(name) ^
      this.pairTable.touch(client, words[at + SERVER] ?? 0) ^
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
    const number = this.pairTable.numberOf(words[at + CLIENT] ?? 0, words[at + SERVER] ?? 0, serverPort)
    const figures = this.#figuresOfPair[number] ?? this.#figuresOf(number)
    const counts = this.pairTable.rows
    const row = number * PAIR_ROW
    const client = counts[row + PAIR_CLIENT] ?? 0
    this.transactions += 1
    figures.queries += 1
    if (isTcp) this.overTcp += 1
    this.#typeCounts[type] = (this.#typeCounts[type] ?? 0) + 1
    this.nameFigures.countQuery(name)
    if (sends > 1 || words[at + ENDPOINT] !== 0 || words[at + MASQUERADE] !== 0) this.#countLegs(slot, number, state)
    if (state === 'answered') {
      const micros = (times[at / 2 + ANSWERED_AT] ?? 0) - firstAt
      const bytes = halves[2 * at + RESPONSE_BYTES] ?? 0
      this.answered += 1
      this.#rcodeCounts[rcode & 4095] = (this.#rcodeCounts[rcode & 4095] ?? 0) + 1
      figures.answered += 1
      figures.load.add(firstAt, micros)
      if (micros > figures.slowest.micros) this.#noteSlowest(figures, at, micros)
      const isCluster = this.#isCluster(name)
      if (isCluster) figures.clusterLatency.add(micros)
      else figures.externalLatency.add(micros)
      if (isTcp) counts[row + TCP_ANSWERED] = (counts[row + TCP_ANSWERED] ?? 0) + 1
      else {
        counts[row + UDP_ANSWERED] = (counts[row + UDP_ANSWERED] ?? 0) + 1
        if (bytes > (counts[row + LARGEST_UDP] ?? 0)) counts[row + LARGEST_UDP] = bytes
      }
      if (type === TYPE_A) counts[row + A_ANSWERED] = (counts[row + A_ANSWERED] ?? 0) + 1
      else if (type === TYPE_AAAA) counts[row + AAAA_ANSWERED] = (counts[row + AAAA_ANSWERED] ?? 0) + 1
      this.nameFigures.countResponse(name, bytes, rcode === NXDOMAIN)
      const isNodata = rcode === 0 && halves[2 * at + ANSWERS] === 0
      if (rcode === NXDOMAIN || (isCluster ? isNodata : rcode === 0 && this.searchLists.isWaiting)) {
        const frame = (words[at + QUERY_FRAME] ?? 0) >>> 0
        const beginning = this.nameFigures.beginning(name)
        this.searchLists.take(client, name, beginning, isCluster, rcode === NXDOMAIN, firstAt, frame)
      }
    } else this.#countSilence(number, figures, { state, isTcp, firstAt })
    if (this.#open.mayHave(client, name, type)) this.#linkFollowUp(slot, this.#pair(number))
    const isOrdinary =
      state === 'answered' &&
      sends === 1 &&
      octets[4 * at + RESPONSES] === 1 &&
      (times[at / 2 + ANSWERED_AT] ?? 0) - firstAt < LATE_MICROS &&
      rcode !== SERVFAIL &&
      rcode !== REFUSED &&
      words[at + STRANGER] === 0 &&
      (bits & (TRUNCATED | CONFLICTING)) === 0
    return isOrdinary ? undefined : this.#note(slot, this.#pair(number))
  }

  /** What comes next is no consequence of what went wrong before. */
  forgetOpen(): void {
    this.#open.clear()
  }

  /** All latencies so far. */
  latency(): LatencyHistogram {
    const all = new LatencyHistogram()
    for (const figures of this.servers.values()) addServer(all, figures)
    return all
  }

  /** Rcodes so far, the most frequent first. */
  liveRcodes(): [number, number][] {
    const counts: [number, number][] = []
    this.#rcodeCounts.forEach((count, rcode) => {
      if (count > 0) counts.push([rcode, count])
    })
    return counts.sort(([, a], [, b]) => b - a)
  }

  /** Ends counting: tables of small counters become maps and fields. */
  finish(): void {
    this.pairTable.settle()
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
    const pair = this.pairTable.find(client, server)
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

  /** @param at the row's first word */
  #noteSlowest({ slowest }: ServerFigures, at: number, micros: number): void {
    const { words } = this.#table.rows
    slowest.micros = micros
    slowest.queryFrame = (words[at + QUERY_FRAME] ?? 0) >>> 0
    slowest.responseFrame = (words[at + RESPONSE_FRAME] ?? 0) >>> 0
  }

  /** What few transactions have: resends, and legs behind NAT. */
  #countLegs(slot: number, number: number, state: TransactionState): void {
    const { words, halves } = this.#table.rows
    const at = slot * ROW
    const pair = this.#pair(number)
    const resent = (halves[2 * at + SENDS] ?? 0) - 1
    this.resent += resent
    pair.resent += resent
    const endpoint = words[at + ENDPOINT] ?? 0
    if (endpoint !== 0)
      this.#countEndpoint(pair, endpoint, { isAnswered: state === 'answered', slot, isKnown: state !== 'unknown' })
    if (words[at + MASQUERADE] !== 0) pair.masqueradeLegs += 1
  }

  #countSilence(number: number, figures: ServerFigures, { state, isTcp, firstAt }: Silence): void {
    const pair = this.#pair(number)
    if (state === 'unknown') {
      this.unknown += 1
      pair.unknown += 1
      return
    }
    this.unanswered += 1
    figures.unanswered += 1
    figures.load.add(firstAt, -1)
    if (isTcp) pair.tcpUnanswered += 1
    else pair.udpUnanswered += 1
  }

  #countEndpoint(pair: Pair, endpoint: AddressId, seen: { isAnswered: boolean; isKnown: boolean; slot: number }): void {
    pair.endpointLegs += 1
    let counts = pair.endpoints.get(endpoint)
    if (counts === undefined) {
      counts = { answered: 0, unanswered: 0, unansweredFrames: [] }
      if (pair.endpoints.size < 1024) pair.endpoints.set(endpoint, counts)
    }
    if (seen.isAnswered) counts.answered += 1
    else if (seen.isKnown) {
      counts.unanswered += 1
      if (counts.unansweredFrames.length < MAX_FRAMES)
        counts.unansweredFrames.push((this.#table.rows.words[seen.slot * ROW + QUERY_FRAME] ?? 0) >>> 0)
    }
  }

  #pair(number: number): Pair {
    const pair = this.pairTable.pairs[number]
    if (pair === undefined) throw new RangeError(`There is no pair ${number}`)
    return pair
  }

  #figuresOf(number: number): ServerFigures {
    const { server } = this.#pair(number)
    const id = this.servers.has(server) || this.servers.size < MAX_SERVERS ? server : 0
    let figures = this.servers.get(id)
    if (figures === undefined) {
      figures = {
        server: id,
        queries: 0,
        answered: 0,
        unanswered: 0,
        clusterLatency: new LatencyHistogram(),
        externalLatency: new LatencyHistogram(),
        load: new LoadCurve(),
        slowest: { micros: 0, queryFrame: 0, responseFrame: 0 },
      }
      this.servers.set(id, figures)
    }
    this.#figuresOfPair[number] = figures
    return figures
  }

  /** Whether a name is a cluster's; found out once a name. */
  #isCluster(name: number): boolean {
    const known = this.nameFigures.kind(name)
    if (known !== 0) return known === CLUSTER
    const start = this.#names.startOf(name)
    const kind = isClusterName(this.#names.octets, start, start + this.#names.lengthOf(name)) ? CLUSTER : EXTERNAL
    this.nameFigures.mark(name, kind, this.#names.beginningOf(name))
    return kind === CLUSTER
  }
}

interface Silence {
  readonly state: TransactionState
  readonly isTcp: boolean
  readonly firstAt: number
}

/** Latencies of one server, of cluster names and others together. */
export function serverLatency(figures: ServerFigures): LatencyHistogram {
  const all = new LatencyHistogram()
  addServer(all, figures)
  return all
}

function addServer(all: LatencyHistogram, { clusterLatency, externalLatency }: ServerFigures): void {
  all.addAll(clusterLatency)
  all.addAll(externalLatency)
}
