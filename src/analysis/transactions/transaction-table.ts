// Queries and responses joined to transactions, over interfaces, tunnels and NAT. Hot path: a ring of rows in one buffer in the order of
// first queries, and a hash table over id, name and type, which survive every NAT. Entries leave the ring in order, once they are
// old enough for nothing more to come, and are handed to a consumer; memory has a limit whatever the capture holds.
//
// A query that looks like an earlier one is
//   a copy      the same tuple at another place, soon after
//   a resend    the same tuple at the same place, before any response
//   a NAT leg   other addresses, same id, name and type, at another place, soon after
//   a new ask   everything else: another server at the same place, the same tuple after a response
import type { ScannedMessage } from '../messages/scan-message.ts'
import { CaptureTime, HORIZON_MICROS } from './capture-time.ts'
import { LastOfClient } from './last-of-client.ts'
import type { Leg } from './leg.ts'
import { CLIENT_ONLY, WHOLE, joinNatLeg, matchResponse } from './match-leg.ts'
import { readSibling, readTransaction } from './read-transaction.ts'
import type { Sibling, Transaction, TransactionState } from './transaction.ts'
import {
  ANSWERED_AT,
  ANSWERS,
  BITS,
  CHAIN,
  CLIENT,
  CONFLICTING,
  CONTENTS,
  EDNS_SIZE,
  ENDPOINT,
  FIRST_AT,
  HASH,
  LAST_QUERY_FRAME,
  LAST_RESPONSE_AT,
  LAST_SEND_AT,
  MASQUERADE,
  NAME,
  NAT_PORTS,
  PORTS,
  QUERY_FRAME,
  QUERY_PATHS,
  QUESTION,
  RCODE,
  REJECTED,
  RESPONSES,
  RESPONSE_BYTES,
  RESPONSE_FRAME,
  RESPONSE_PATHS,
  ROW,
  SECOND_FRAME,
  SENDS,
  SENDS_BEFORE,
  SERVER,
  SIBLING,
  STRANGER,
  STRANGE_AFTER,
  STRANGE_FRAME,
  TCP,
  TRUNCATED,
  createRows,
} from './transaction-row.ts'
import type { Rows } from './transaction-row.ts'

/** What a message was taken for. */
export type Role = 'copy' | 'conflict' | 'leg' | 'new' | 'orphan' | 'repeat' | 'resend' | 'response' | 'strange'

export interface OpenCounts {
  readonly answered: number
  /** For longer than five seconds. */
  readonly unanswered: number
  readonly waiting: number
  /** Queries that were sent again, of all of them. */
  readonly resent: number
}

export interface TransactionTableOptions {
  /** Takes each transaction once, in order. */
  readonly onFinished: (slot: number) => void
  /** Told of some transactions before they are given to `onFinished`, to touch what that will need. */
  readonly beforeFinished?: (slot: number) => void
  /** The capture's times jumped back for good: what came before has nothing to do with what comes. */
  readonly onJumpBack?: () => void
  /** Octets of typed arrays grow up to this many entries; a power of two. */
  readonly maxEntries?: number
}

const FIRST_ENTRIES = 1 << 12
/** So many that a look at another entry's row, which is seldom in the processor's cache, is rare. */
const BUCKETS_PER_ENTRY = 4
const MAX_ENTRIES = 1 << 18
/** In large steps: untouched memory costs nothing, rings that were outgrown do until they are collected. */
const GROWTH = 8
/** Entries with one key that are looked at. */
const MAX_CHAIN = 48
/** Entries stay so much longer, in the time of the capture, to leave together. */
const RETIRE_TOGETHER_MICROS = 2000
/** So many are prepared at a time. */
const RETIRE_GROUP = 32
/** A second sight of a packet at another place. */
const COPY_MICROS = 500_000
/** What a packet takes through NAT. */
const NAT_MICROS = 100_000
/** In link types that do not tell interfaces apart, a copy and not a resend. */
const COARSE_COPY_MICROS = 2000
const SIBLING_MICROS = 10_000
/** An unanswered query in the last part of a capture says nothing yet. */
const PATIENCE_MICROS = 5e6
const MAX_BACKWARD = 2048
/** What a signed half of a word can tell; siblings are milliseconds apart. */
const MAX_SIBLING_DISTANCE = 0x7fff

/** Joins messages to transactions. */
export class TransactionTable {
  readonly #options: TransactionTableOptions
  #mask = FIRST_ENTRIES - 1
  #rows: Rows = createRows(FIRST_ENTRIES)
  #buckets: Int32Array = new Int32Array(BUCKETS_PER_ENTRY * FIRST_ENTRIES)
  /** Numbers of the oldest entry in the ring and of the next new one; from 1. */
  #oldest = 1
  #next = 1
  /** Before this number nothing was kept when the ring grew. */
  #firstReadable = 1
  readonly #time = new CaptureTime()
  readonly #lastOfClient = new LastOfClient()
  /** Number of the transaction that the last message belonged to; 0 for an orphan. */
  lastNumber = 0

  /** Means nothing: without it, what {@link touch} reads would be optimized away. */
  touched = 0

  constructor(options: TransactionTableOptions) {
    this.#options = options
  }

  /** Transactions so far. */
  get count(): number {
    return this.#next - 1
  }

  /**
   * The number of the entry that a message with this question will be compared with first; any when there is none. Called for some
   * messages before they are taken, and {@link touch} for what it returned, their cache misses overlap instead of adding up.
   */
  expect(hash: number, question: number): number {
    return this.#buckets[bucketOf(hash, question) & (this.#buckets.length - 1)] ?? 0
  }

  /** Touches the row of an entry. */
  touch(number: number): void {
    // All ones for an entry that is still in the ring, else zero: a branch would wait for the bucket.
    const isLive = (this.#oldest - 1 - number) >> 31
    this.touched ^= this.#rows.words[(number & this.#mask & isLive) * ROW + HASH] ?? 0
  }

  /** Takes a query. @param name its number @param hash of its name */
  // oxlint-disable-next-line max-params -- hot path
  query(leg: Leg, scan: ScannedMessage, name: number, hash: number): Role {
    const now = leg.atMicros
    this.#advance(now)
    const { words, times, halves, octets } = this.#rows
    const question = (scan.id << 16) | scan.type
    const bucket = bucketOf(hash, question) & (this.#buckets.length - 1)
    const pathBit = 1 << (leg.path & 31)
    const isTcp = leg.isTcp ? TCP : 0
    const ports = (leg.sourcePort << 16) | leg.destinationPort
    let isRepeat = false
    let number = this.#buckets[bucket] ?? 0
    for (let count = 0; number >= this.#oldest && count < MAX_CHAIN; count += 1) {
      const at = (number & this.#mask) * ROW
      if (
        words[at + HASH] === hash &&
        words[at + QUESTION] === question &&
        ((octets[4 * at + BITS] ?? 0) & TCP) === isTcp
      ) {
        const known = words[at + PORTS] ?? 0
        const sameClient = words[at + CLIENT] === leg.source && known >>> 16 === leg.sourcePort
        const sameServer = words[at + SERVER] === leg.destination && (known & 0xffff) === leg.destinationPort
        const since = now - (times[at / 2 + LAST_SEND_AT] ?? 0)
        const isNewPath = ((words[at + QUERY_PATHS] ?? 0) & pathBit) === 0
        if (sameClient && sameServer) {
          const isCopy = (isNewPath && since < COPY_MICROS) || (leg.isCoarsePath && since < COARSE_COPY_MICROS)
          if (isCopy) {
            words[at + QUERY_PATHS] = (words[at + QUERY_PATHS] ?? 0) | pathBit
            return this.#is(number, 'copy')
          }
          if (octets[4 * at + RESPONSES] === 0) {
            halves[2 * at + SENDS] = Math.min(0xffff, (halves[2 * at + SENDS] ?? 0) + 1)
            times[at / 2 + LAST_SEND_AT] = now
            words[at + QUERY_PATHS] = pathBit
            words[at + LAST_QUERY_FRAME] = leg.frame
            return this.#is(number, 'resend')
          }
          isRepeat = true
          break
        }
        if (since < NAT_MICROS && isNewPath && joinNatLeg(words, at, leg, sameClient, sameServer)) {
          words[at + QUERY_PATHS] = (words[at + QUERY_PATHS] ?? 0) | pathBit
          return this.#is(number, 'leg')
        }
      }
      number = words[at + CHAIN] ?? 0
    }
    if (this.#next - this.#oldest > this.#mask) this.#makeRoom()
    this.#create(leg, hash, question, ports)
    const at = ((this.#next - 1) & this.#mask) * ROW
    this.#rows.words[at + NAME] = name
    this.#rows.words[at + QUERY_PATHS] = pathBit
    this.#rows.halves[2 * at + EDNS_SIZE] = scan.ednsSize
    return isRepeat ? 'repeat' : 'new'
  }

  /** Takes a response with a question. @param hash of the question's name */
  response(leg: Leg, scan: ScannedMessage, hash: number): Role {
    this.#advance(leg.atMicros)
    const { words } = this.#rows
    const question = (scan.id << 16) | scan.type
    let strange = 0
    let number = this.#buckets[bucketOf(hash, question) & (this.#buckets.length - 1)] ?? 0
    for (let count = 0; number >= this.#oldest && count < MAX_CHAIN; count += 1) {
      const at = (number & this.#mask) * ROW
      if (words[at + HASH] === hash && words[at + QUESTION] === question) {
        const match = matchResponse(this.#rows, at, leg)
        if (match === WHOLE) return this.#answer(number, leg, scan)
        if (match === CLIENT_ONLY && strange === 0) strange = number
      }
      number = words[at + CHAIN] ?? 0
    }
    return this.#strange(strange, leg)
  }

  /**
   * Takes a query that an ICMP error carries.
   *
   * @param leg the way of a response to it
   * @param hash of the question's name
   * @returns its transaction's number; 0 when there is none
   */
  rejected(leg: Leg, scan: ScannedMessage, hash: number): number {
    const { words, octets } = this.#rows
    const question = (scan.id << 16) | scan.type
    let number = this.expect(hash, question)
    for (let count = 0; number >= this.#oldest && count < MAX_CHAIN; count += 1) {
      const at = (number & this.#mask) * ROW
      const isAlike = words[at + HASH] === hash && words[at + QUESTION] === question
      if (isAlike && matchResponse(this.#rows, at, leg) === WHOLE) {
        octets[4 * at + BITS] = (octets[4 * at + BITS] ?? 0) | REJECTED
        return number
      }
      number = words[at + CHAIN] ?? 0
    }
    return 0
  }

  /** Takes a response without a question: some servers refuse so. Only the tuple and the id can match. */
  responseWithoutQuestion(leg: Leg, scan: ScannedMessage): Role {
    this.#advance(leg.atMicros)
    const stop = Math.max(this.#oldest, this.#next - MAX_BACKWARD)
    for (let number = this.#next - 1; number >= stop; number -= 1) {
      const at = (number & this.#mask) * ROW
      const isSameId = (this.#rows.words[at + QUESTION] ?? 0) >>> 16 === scan.id
      if (isSameId && matchResponse(this.#rows, at, leg) === WHOLE) return this.#answer(number, leg, scan)
    }
    return this.#strange(0, leg)
  }

  /** Finishes everything. @param endMicros when the capture ended */
  finish(endMicros: number): void {
    if (endMicros > this.#time.nowMicros) this.#time.nowMicros = endMicros
    while (this.#oldest < this.#next) this.#retire()
  }

  /** Time of the last message. */
  get nowMicros(): number {
    return this.#time.nowMicros
  }

  /** How often the times of the capture jumped back for good. */
  get jumpsBack(): number {
    return this.#time.jumpsBack
  }

  // --- For the consumer of finished entries ---

  /** The rows; transaction-row.ts says what stands where, {@link ROW} times the slot that `onFinished` gives is a row's first word. */
  get rows(): Rows {
    return this.#rows
  }

  /** The number of the entry in a slot. */
  numberOf(slot: number): number {
    const base = this.#oldest - (this.#oldest & this.#mask)
    const number = base + slot
    return number >= this.#oldest ? number : number + this.#mask + 1
  }

  /** Numbers of entries still in the ring that ask the same question with the same id, the newest first. */
  alike(slot: number): number[] {
    const { words } = this.#rows
    const own = slot * ROW
    const [hash, question] = [words[own + HASH] ?? 0, words[own + QUESTION] ?? 0]
    const found: number[] = []
    let number = this.#buckets[bucketOf(hash, question) & (this.#buckets.length - 1)] ?? 0
    for (let count = 0; number >= this.#oldest && count < MAX_CHAIN; count += 1) {
      const at = (number & this.#mask) * ROW
      if (at !== own && words[at + HASH] === hash && words[at + QUESTION] === question) found.push(number)
      number = words[at + CHAIN] ?? 0
    }
    return found
  }

  /** Counts what has not been handed to `onFinished` yet, as it looks at a time. */
  countOpen(nowMicros: number): OpenCounts {
    const { times, halves, octets } = this.#rows
    const counts = { answered: 0, unanswered: 0, waiting: 0, resent: 0 }
    for (let number = this.#oldest; number < this.#next; number += 1) {
      const at = (number & this.#mask) * ROW
      counts.resent += (halves[2 * at + SENDS] ?? 1) - 1
      if (octets[4 * at + RESPONSES] !== 0) counts.answered += 1
      else if (
        this.state(number & this.#mask) === 'unanswered' ||
        nowMicros - (times[at / 2 + FIRST_AT] ?? 0) > PATIENCE_MICROS
      )
        counts.unanswered += 1
      else counts.waiting += 1
    }
    return counts
  }

  slotOf(number: number): number {
    return number & this.#mask
  }

  state(slot: number): TransactionState {
    const { times, halves, octets } = this.#rows
    const at = slot * ROW
    if (octets[4 * at + RESPONSES] !== 0) return 'answered'
    if (((octets[4 * at + BITS] ?? 0) & REJECTED) !== 0) return 'unanswered'
    const now = this.#time.nowMicros
    const isGivenUp = (halves[2 * at + SENDS] ?? 0) > 1 && now - (times[at / 2 + FIRST_AT] ?? 0) > PATIENCE_MICROS
    return isGivenUp || now - (times[at / 2 + LAST_SEND_AT] ?? 0) > PATIENCE_MICROS ? 'unanswered' : 'unknown'
  }

  /** The entry in a slot as a plain value. */
  read(slot: number): Transaction {
    return readTransaction(this.#rows, slot * ROW, {
      number: this.numberOf(slot),
      state: this.state(slot),
      sibling: this.#siblingOf(slot),
    })
  }

  #siblingOf(slot: number): Sibling | undefined {
    const apart = ((this.#rows.halves[2 * slot * ROW + SIBLING] ?? 0) << 16) >> 16
    const number = this.numberOf(slot) + apart
    // A slot is used again only after the whole ring: until then it can be read although its entry has left.
    if (apart === 0 || number < Math.max(this.#firstReadable, this.#next - this.#mask)) return undefined
    return readSibling(this.#rows, (number & this.#mask) * ROW, number)
  }

  // --- Matching ---

  #answer(number: number, leg: Leg, scan: ScannedMessage): Role {
    const { words, times, halves, octets } = this.#rows
    const now = leg.atMicros
    const at = (number & this.#mask) * ROW
    const pathBit = 1 << (leg.path & 31)
    const responses = octets[4 * at + RESPONSES] ?? 0
    if (responses > 0) {
      const since = now - (times[at / 2 + LAST_RESPONSE_AT] ?? 0)
      const isNewPath = ((words[at + RESPONSE_PATHS] ?? 0) & pathBit) === 0
      if ((isNewPath && since < COPY_MICROS) || (leg.isCoarsePath && since < COARSE_COPY_MICROS)) {
        words[at + RESPONSE_PATHS] = (words[at + RESPONSE_PATHS] ?? 0) | pathBit
        // What the client waited for is the copy that reached it: the last one from the server it asked.
        if (leg.source === words[at + SERVER] && leg.destination === words[at + CLIENT] && responses === 1) {
          times[at / 2 + ANSWERED_AT] = now
          words[at + STRANGER] = 0
        }
        return this.#is(number, 'copy')
      }
      octets[4 * at + RESPONSES] = Math.min(255, responses + 1)
      words[at + RESPONSE_PATHS] = pathBit
      times[at / 2 + LAST_RESPONSE_AT] = now
      if (words[at + SECOND_FRAME] === 0) words[at + SECOND_FRAME] = leg.frame
      const differs =
        halves[2 * at + RCODE] !== scan.rcode ||
        halves[2 * at + ANSWERS] !== scan.answers ||
        words[at + CONTENTS] !== scan.contents
      if (!differs || responses < (halves[2 * at + SENDS] ?? 0)) return this.#is(number, 'response')
      octets[4 * at + BITS] = (octets[4 * at + BITS] ?? 0) | CONFLICTING
      return this.#is(number, 'conflict')
    }
    octets[4 * at + RESPONSES] = 1
    words[at + RESPONSE_PATHS] = pathBit
    times[at / 2 + ANSWERED_AT] = now
    times[at / 2 + LAST_RESPONSE_AT] = now
    words[at + RESPONSE_FRAME] = leg.frame
    halves[2 * at + RESPONSE_BYTES] = Math.min(65_535, leg.bytes)
    halves[2 * at + RCODE] = scan.rcode
    halves[2 * at + ANSWERS] = scan.answers
    words[at + CONTENTS] = scan.contents
    halves[2 * at + SENDS_BEFORE] = halves[2 * at + SENDS] ?? 0
    if ((scan.bits & 0x0200) !== 0) octets[4 * at + BITS] = (octets[4 * at + BITS] ?? 0) | TRUNCATED
    // On its way through NAT a response has the pod's address for some time.
    if (words[at + STRANGER] !== 0 && this.#sinceStrange(at, now) < NAT_MICROS) words[at + STRANGER] = 0
    return this.#is(number, 'response')
  }

  #strange(number: number, leg: Leg): Role {
    if (number === 0) {
      this.lastNumber = 0
      return 'orphan'
    }
    const { words, times, octets } = this.#rows
    const at = (number & this.#mask) * ROW
    // After the response that was waited for, a leg of it under another address is no surprise.
    const isAnswered = octets[4 * at + RESPONSES] !== 0
    if (isAnswered && leg.atMicros - (times[at / 2 + LAST_RESPONSE_AT] ?? 0) < NAT_MICROS)
      return this.#is(number, 'copy')
    if (words[at + STRANGER] === 0) {
      words[at + STRANGER] = leg.source
      words[at + STRANGE_FRAME] = leg.frame
      words[at + STRANGE_AFTER] = clampToInt32(leg.atMicros - (times[at / 2 + FIRST_AT] ?? 0))
    }
    return this.#is(number, 'strange')
  }

  #sinceStrange(at: number, nowMicros: number): number {
    const { words, times } = this.#rows
    return nowMicros - (times[at / 2 + FIRST_AT] ?? 0) - (words[at + STRANGE_AFTER] ?? 0)
  }

  #is(number: number, role: Role): Role {
    this.lastNumber = number
    return role
  }

  // --- The ring ---

  /** A row for a new transaction; name, path and EDNS are for the caller to fill in. */
  // oxlint-disable-next-line max-params -- hot path
  #create(leg: Leg, hash: number, question: number, ports: number): void {
    const number = this.#next
    this.#next += 1
    const { words, times, halves, octets } = this.#rows
    const at = (number & this.#mask) * ROW
    const bucket = bucketOf(hash, question) & (this.#buckets.length - 1)
    const now = leg.atMicros
    times[at / 2 + FIRST_AT] = now
    times[at / 2 + LAST_SEND_AT] = now
    words[at + HASH] = hash
    words[at + QUESTION] = question
    words[at + CHAIN] = this.#buckets[bucket] ?? 0
    this.#buckets[bucket] = number
    words[at + CLIENT] = leg.source
    words[at + SERVER] = leg.destination
    words[at + PORTS] = ports
    halves[2 * at + SENDS] = 1
    halves[2 * at + SENDS_BEFORE] = 0
    halves[2 * at + SIBLING] = 0
    octets[4 * at + RESPONSES] = 0
    octets[4 * at + BITS] = leg.isTcp ? TCP : 0
    words[at + QUERY_FRAME] = leg.frame
    words[at + LAST_QUERY_FRAME] = leg.frame
    words[at + ENDPOINT] = 0
    words[at + MASQUERADE] = 0
    words[at + NAT_PORTS] = 0
    words[at + STRANGER] = 0
    words[at + RESPONSE_FRAME] = 0
    words[at + SECOND_FRAME] = 0
    this.#joinSibling(number, at, leg)
    this.lastNumber = number
  }

  /** The client's last transaction, when it asked the same name from the same socket just before; the two know each other then. */
  #joinSibling(number: number, at: number, leg: Leg): void {
    const { words, times, halves } = this.#rows
    const typeAndPort = ((words[at + QUESTION] ?? 0) << 16) | leg.sourcePort
    const hash = words[at + HASH] ?? 0
    const last = this.#lastOfClient.replace(leg.source, number, hash, typeAndPort, leg.destination)
    if (last < this.#oldest || last === 0 || number - last > MAX_SIBLING_DISTANCE) return
    const other = (last & this.#mask) * ROW
    if (leg.atMicros - (times[other / 2 + FIRST_AT] ?? 0) >= SIBLING_MICROS) return
    halves[2 * other + SIBLING] = number - last
    halves[2 * at + SIBLING] = last - number
  }

  /** Lets go of what is older than the horizon, some together. */
  #advance(atMicros: number): void {
    // A message from long ago: nothing leaves on its account, until so many came that the time is theirs.
    const sight = this.#time.advance(atMicros)
    if (sight === 'on') {
      const limit = this.#time.nowMicros - HORIZON_MICROS
      if (this.#isOldestBefore(limit - RETIRE_TOGETHER_MICROS)) this.#retireBefore(limit)
    } else if (sight === 'jumped') this.#jumpBack(atMicros)
  }

  /** What was asked before the jump is judged by the time before it. */
  #jumpBack(atMicros: number): void {
    while (this.#oldest < this.#next && this.#firstAt(this.#oldest) > atMicros + HORIZON_MICROS) this.#retire()
    this.#time.jumpTo(atMicros)
    this.#options.onJumpBack?.()
  }

  #firstAt(number: number): number {
    return this.#rows.times[(number & this.#mask) * (ROW / 2) + FIRST_AT] ?? 0
  }

  #isOldestBefore(limitMicros: number): boolean {
    if (this.#oldest >= this.#next) return false
    return (this.#rows.times[(this.#oldest & this.#mask) * (ROW / 2) + LAST_SEND_AT] ?? 0) < limitMicros
  }

  #retireBefore(limitMicros: number): void {
    const { beforeFinished } = this.#options
    while (this.#isOldestBefore(limitMicros)) {
      const stop = Math.min(this.#next, this.#oldest + RETIRE_GROUP)
      if (beforeFinished !== undefined)
        for (let number = this.#oldest; number < stop; number += 1) beforeFinished(number & this.#mask)
      while (this.#oldest < stop && this.#isOldestBefore(limitMicros)) this.#retire()
    }
  }

  #retire(): void {
    this.#options.onFinished(this.#oldest & this.#mask)
    this.#oldest += 1
  }

  #makeRoom(): void {
    const most = this.#options.maxEntries ?? MAX_ENTRIES
    const size = Math.min(most, GROWTH * (this.#mask + 1))
    if (size <= this.#mask + 1) {
      this.#retire()
      return
    }
    const rows = createRows(size)
    const mask = size - 1
    const buckets = new Int32Array(BUCKETS_PER_ENTRY * size)
    // The ring is full: it is copied from its oldest entry to its end, and from there round.
    const turn = (this.#oldest | this.#mask) + 1
    this.#copyRows(rows, mask, this.#oldest, turn - this.#oldest)
    this.#copyRows(rows, mask, turn, this.#next - turn)
    this.#firstReadable = this.#oldest
    for (let number = this.#oldest; number < this.#next; number += 1) {
      const at = (number & mask) * ROW
      const bucket = bucketOf(rows.words[at + HASH] ?? 0, rows.words[at + QUESTION] ?? 0) & (buckets.length - 1)
      rows.words[at + CHAIN] = buckets[bucket] ?? 0
      buckets[bucket] = number
    }
    this.#rows = rows
    this.#mask = mask
    this.#buckets = buckets
  }

  /** Copies rows that lie together to their place in a larger ring. */
  // oxlint-disable-next-line max-params -- both ends of a copy
  #copyRows(rows: Rows, mask: number, number: number, count: number): void {
    const from = (number & this.#mask) * ROW
    const to = (number & mask) * ROW
    rows.words.set(this.#rows.words.subarray(from, from + count * ROW), to)
  }
}

function bucketOf(hash: number, question: number): number {
  const mixed = hash ^ Math.imul(question, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}

function clampToInt32(value: number): number {
  return Math.max(-0x7fffffff, Math.min(0x7fffffff, value))
}
