// Queries and responses joined to transactions, over interfaces, tunnels and NAT. Hot path: a ring of typed arrays in the order of
// first queries, and a hash table over id, name and type, which survive every NAT. Entries leave the ring in order, once they are
// old enough for nothing more to come, and are handed to a consumer; memory has a limit whatever the capture holds.
//
// A query that looks like an earlier one is
//   a copy      the same tuple at another place, soon after
//   a resend    the same tuple at the same place, before any response
//   a NAT leg   other addresses, same id, name and type, at another place, soon after
//   a new ask   everything else: another server at the same place, the same tuple after a response
import type { AddressId } from '../../capture/index.ts'
import type { ScannedMessage } from '../messages/scan-message.ts'
import type { Sibling, Transaction, TransactionState } from './transaction.ts'

/** Who sent a message to whom, and where it was seen. */
export interface Leg {
  readonly frame: number
  readonly atMicros: number
  readonly source: AddressId
  readonly sourcePort: number
  readonly destination: AddressId
  readonly destinationPort: number
  readonly path: number
  readonly isCoarsePath: boolean
  readonly isTcp: boolean
  /** Octets of the message. */
  readonly bytes: number
}

/** What a message was taken for. */
export type Role = 'copy' | 'conflict' | 'leg' | 'new' | 'orphan' | 'repeat' | 'resend' | 'response' | 'strange'

export interface TransactionTableOptions {
  /** Takes each transaction once, in order. */
  readonly onFinished: (slot: number) => void
  /** Octets of typed arrays grow up to this many entries; a power of two. */
  readonly maxEntries?: number
}

const FIRST_ENTRIES = 1 << 12
const MAX_ENTRIES = 1 << 19
/** Entries with one key that are looked at. */
const MAX_CHAIN = 48
/** A response may come this late, a resend too: three of glibc's time-outs and some. */
const HORIZON_MICROS = 20e6
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

const TCP = 1
const TRUNCATED = 2
const CONFLICTING = 4

/** Joins messages to transactions. */
export class TransactionTable {
  readonly #options: TransactionTableOptions
  #mask = FIRST_ENTRIES - 1
  #columns: Columns = createColumns(FIRST_ENTRIES)
  #buckets: Int32Array = new Int32Array(2 * FIRST_ENTRIES)
  /** Numbers of the oldest entry in the ring and of the next new one; from 1. */
  #oldest = 1
  #next = 1
  #now = 0
  /** By client, the number of its last transaction. */
  #lastOfClient: Int32Array = new Int32Array(256)
  /** Number of the transaction that the last message belonged to; 0 for an orphan. */
  lastNumber = 0

  constructor(options: TransactionTableOptions) {
    this.#options = options
  }

  /** Transactions so far. */
  get count(): number {
    return this.#next - 1
  }

  /** Takes a query. @param name its number @param hash of its name */
  // oxlint-disable-next-line max-params -- hot path
  query(leg: Leg, scan: ScannedMessage, name: number, hash: number): Role {
    const at = leg.atMicros
    this.#advance(at)
    const key = keyOf(hash, scan.id, scan.type)
    const bit = 1 << (leg.path & 31)
    const isTcp = leg.isTcp ? TCP : 0
    let isRepeat = false
    let number = this.#buckets[key & this.#bucketMask] ?? 0
    for (let count = 0; number >= this.#oldest && count < MAX_CHAIN; count += 1) {
      const c = this.#columns
      const slot = number & this.#mask
      if (
        c.keys[slot] === key &&
        c.hashes[slot] === hash &&
        c.ids[slot] === scan.id &&
        ((c.bits[slot] ?? 0) & TCP) === isTcp
      ) {
        const sameClient = c.clients[slot] === leg.source && c.clientPorts[slot] === leg.sourcePort
        const sameServer = c.servers[slot] === leg.destination && c.serverPorts[slot] === leg.destinationPort
        const since = at - (c.lastSendAt[slot] ?? 0)
        const isNewPath = ((c.queryPaths[slot] ?? 0) & bit) === 0
        if (sameClient && sameServer) {
          const isCopy = (isNewPath && since < COPY_MICROS) || (leg.isCoarsePath && since < COARSE_COPY_MICROS)
          if (isCopy) {
            c.queryPaths[slot] = (c.queryPaths[slot] ?? 0) | bit
            return this.#is(number, 'copy')
          }
          if (c.responses[slot] === 0) {
            c.sends[slot] = (c.sends[slot] ?? 0) + 1
            c.lastSendAt[slot] = at
            c.queryPaths[slot] = bit
            c.lastQueryFrames[slot] = leg.frame
            return this.#is(number, 'resend')
          }
          isRepeat = true
          break
        }
        if (this.#isNatLeg(slot, leg, { sameClient, sameServer, since, isNewPath })) {
          c.queryPaths[slot] = (c.queryPaths[slot] ?? 0) | bit
          return this.#is(number, 'leg')
        }
      }
      number = c.chain[slot] ?? 0
    }
    this.#create(leg, scan, { key, hash, name, bit })
    return isRepeat ? 'repeat' : 'new'
  }

  /** Takes a response with a question. @param hash of the question's name */
  response(leg: Leg, scan: ScannedMessage, hash: number): Role {
    this.#advance(leg.atMicros)
    const key = keyOf(hash, scan.id, scan.type)
    let strange = 0
    let number = this.#buckets[key & this.#bucketMask] ?? 0
    for (let count = 0; number >= this.#oldest && count < MAX_CHAIN; count += 1) {
      const c = this.#columns
      const slot = number & this.#mask
      if (c.keys[slot] === key && c.hashes[slot] === hash && c.ids[slot] === scan.id) {
        const match = this.#matchResponse(slot, leg)
        if (match === 'whole') return this.#answer(number, leg, scan)
        if (match === 'client' && strange === 0) strange = number
      }
      number = c.chain[slot] ?? 0
    }
    return this.#strange(strange, leg)
  }

  /** Takes a response without a question: some servers refuse so. Only the tuple and the id can match. */
  responseWithoutQuestion(leg: Leg, scan: ScannedMessage): Role {
    this.#advance(leg.atMicros)
    const stop = Math.max(this.#oldest, this.#next - MAX_BACKWARD)
    for (let number = this.#next - 1; number >= stop; number -= 1) {
      const slot = number & this.#mask
      if (this.#columns.ids[slot] === scan.id && this.#matchResponse(slot, leg) === 'whole') {
        return this.#answer(number, leg, scan)
      }
    }
    return this.#strange(0, leg)
  }

  /** Finishes everything. @param endMicros when the capture ended */
  finish(endMicros: number): void {
    if (endMicros > this.#now) this.#now = endMicros
    while (this.#oldest < this.#next) this.#retire()
  }

  /** Time of the last message. */
  get nowMicros(): number {
    return this.#now
  }

  // --- For the consumer of finished entries ---

  /** The arrays; index them with the slot that `onFinished` gives. */
  get columns(): Readonly<Columns> {
    return this.#columns
  }

  /** The number of the entry in a slot. */
  numberOf(slot: number): number {
    const base = this.#oldest - (this.#oldest & this.#mask)
    const number = base + slot
    return number >= this.#oldest ? number : number + this.#mask + 1
  }

  /** Numbers of entries still in the ring that ask the same question with the same id, the newest first. */
  alike(slot: number): number[] {
    const c = this.#columns
    const found: number[] = []
    let number = this.#buckets[(c.keys[slot] ?? 0) & this.#bucketMask] ?? 0
    for (let count = 0; number >= this.#oldest && count < MAX_CHAIN; count += 1) {
      const other = number & this.#mask
      if (
        other !== slot &&
        c.hashes[other] === c.hashes[slot] &&
        c.ids[other] === c.ids[slot] &&
        c.types[other] === c.types[slot]
      ) {
        found.push(number)
      }
      number = c.chain[other] ?? 0
    }
    return found
  }

  slotOf(number: number): number {
    return number & this.#mask
  }

  state(slot: number): TransactionState {
    const c = this.#columns
    if ((c.responses[slot] ?? 0) > 0) return 'answered'
    const isGivenUp = (c.sends[slot] ?? 0) > 1 && this.#now - (c.firstAt[slot] ?? 0) > PATIENCE_MICROS
    return isGivenUp || this.#now - (c.lastSendAt[slot] ?? 0) > PATIENCE_MICROS ? 'unanswered' : 'unknown'
  }

  /** The entry in a slot as a plain value. */
  read(slot: number): Transaction {
    const c = this.#columns
    const bits = c.bits[slot] ?? 0
    return {
      number: this.numberOf(slot),
      state: this.state(slot),
      transport: (bits & TCP) === 0 ? 'udp' : 'tcp',
      client: c.clients[slot] ?? 0,
      clientPort: c.clientPorts[slot] ?? 0,
      server: c.servers[slot] ?? 0,
      serverPort: c.serverPorts[slot] ?? 0,
      endpoint: c.endpoints[slot] ?? 0,
      masqueradedClient: c.masquerades[slot] ?? 0,
      id: c.ids[slot] ?? 0,
      name: c.names[slot] ?? 0,
      type: c.types[slot] ?? 0,
      firstAtMicros: c.firstAt[slot] ?? 0,
      lastSendAtMicros: c.lastSendAt[slot] ?? 0,
      answeredAtMicros: c.answeredAt[slot] ?? 0,
      queryFrame: c.queryFrames[slot] ?? 0,
      lastQueryFrame: c.lastQueryFrames[slot] ?? 0,
      responseFrame: c.responseFrames[slot] ?? 0,
      sends: c.sends[slot] ?? 0,
      responses: c.responses[slot] ?? 0,
      sendsBeforeResponse: c.sendsBefore[slot] ?? 0,
      rcode: c.rcodes[slot] ?? 0,
      isTruncated: (bits & TRUNCATED) !== 0,
      answers: c.answers[slot] ?? 0,
      responseBytes: c.responseBytes[slot] ?? 0,
      ednsSize: c.ednsSizes[slot] ?? 0,
      isConflicting: (bits & CONFLICTING) !== 0,
      secondResponseFrame: c.secondFrames[slot] ?? 0,
      strangeSource: c.strangers[slot] ?? 0,
      strangeFrame: c.strangeFrames[slot] ?? 0,
      sibling: this.#siblingOf(slot),
    }
  }

  #siblingOf(slot: number): Sibling | undefined {
    const c = this.#columns
    const number = c.siblings[slot] ?? 0
    // A slot is used again only after the whole ring: until then it can be read although its entry has left.
    if (number === 0 || number <= this.#next - 1 - this.#mask) return undefined
    const other = number & this.#mask
    return {
      number,
      type: c.types[other] ?? 0,
      isAnswered: (c.responses[other] ?? 0) > 0,
      sendsBeforeResponse: c.sendsBefore[other] ?? 0,
      queryFrame: c.queryFrames[other] ?? 0,
      responseFrame: c.responseFrames[other] ?? 0,
    }
  }

  // --- Matching ---

  #isNatLeg(slot: number, leg: Leg, seen: Comparison): boolean {
    const c = this.#columns
    const { sameClient, sameServer, since, isNewPath } = seen
    if (since >= NAT_MICROS || !isNewPath) return false
    const toEndpoint = c.endpoints[slot] === leg.destination && c.endpointPorts[slot] === leg.destinationPort
    if (sameClient) {
      if (c.endpoints[slot] === 0) {
        c.endpoints[slot] = leg.destination
        c.endpointPorts[slot] = leg.destinationPort
        return true
      }
      return toEndpoint
    }
    // A server that asks the same question on, with the same id, is a forwarder and no masquerade.
    if (leg.source === c.servers[slot] || leg.source === c.endpoints[slot]) return false
    const isMasquerade = c.masquerades[slot] === leg.source && c.masqueradePorts[slot] === leg.sourcePort
    if (c.masquerades[slot] !== 0 && !isMasquerade) return false
    if (!sameServer && !toEndpoint) {
      // Both translated in one step.
      if (c.endpoints[slot] !== 0 || leg.destinationPort !== c.serverPorts[slot] || leg.destination === c.clients[slot])
        return false
      c.endpoints[slot] = leg.destination
      c.endpointPorts[slot] = leg.destinationPort
    }
    c.masquerades[slot] = leg.source
    c.masqueradePorts[slot] = leg.sourcePort
    return true
  }

  #matchResponse(slot: number, leg: Leg): 'client' | 'none' | 'whole' {
    const c = this.#columns
    if (((c.bits[slot] ?? 0) & TCP) !== (leg.isTcp ? TCP : 0)) return 'none'
    const toClient = c.clients[slot] === leg.destination && c.clientPorts[slot] === leg.destinationPort
    const toMasquerade = c.masquerades[slot] === leg.destination && c.masqueradePorts[slot] === leg.destinationPort
    if (!toClient && !toMasquerade) return 'none'
    const fromServer = c.servers[slot] === leg.source && c.serverPorts[slot] === leg.sourcePort
    const fromEndpoint = c.endpoints[slot] === leg.source && c.endpointPorts[slot] === leg.sourcePort
    return fromServer || fromEndpoint ? 'whole' : 'client'
  }

  #answer(number: number, leg: Leg, scan: ScannedMessage): Role {
    const c = this.#columns
    const slot = number & this.#mask
    const bit = 1 << (leg.path & 31)
    const responses = c.responses[slot] ?? 0
    const since = leg.atMicros - (c.lastResponseAt[slot] ?? 0)
    if (responses > 0) {
      const isNewPath = ((c.responsePaths[slot] ?? 0) & bit) === 0
      if ((isNewPath && since < COPY_MICROS) || (leg.isCoarsePath && since < COARSE_COPY_MICROS)) {
        c.responsePaths[slot] = (c.responsePaths[slot] ?? 0) | bit
        // What the client waited for is the copy that reached it: the last one from the server it asked.
        if (leg.source === c.servers[slot] && leg.destination === c.clients[slot] && responses === 1) {
          c.answeredAt[slot] = leg.atMicros
          c.strangers[slot] = 0
        }
        return this.#is(number, 'copy')
      }
      c.responses[slot] = Math.min(255, responses + 1)
      c.responsePaths[slot] = bit
      c.lastResponseAt[slot] = leg.atMicros
      if (c.secondFrames[slot] === 0) c.secondFrames[slot] = leg.frame
      const differs =
        c.rcodes[slot] !== scan.rcode || c.answers[slot] !== scan.answers || c.contents[slot] !== scan.contents
      if (!differs || responses < (c.sends[slot] ?? 0)) return this.#is(number, 'response')
      c.bits[slot] = (c.bits[slot] ?? 0) | CONFLICTING
      return this.#is(number, 'conflict')
    }
    c.responses[slot] = 1
    c.responsePaths[slot] = bit
    c.answeredAt[slot] = leg.atMicros
    c.lastResponseAt[slot] = leg.atMicros
    c.responseFrames[slot] = leg.frame
    c.responseBytes[slot] = Math.min(65_535, leg.bytes)
    c.rcodes[slot] = scan.rcode
    c.answers[slot] = scan.answers
    c.contents[slot] = scan.contents
    c.sendsBefore[slot] = c.sends[slot] ?? 0
    if ((scan.bits & 0x0200) !== 0) c.bits[slot] = (c.bits[slot] ?? 0) | TRUNCATED
    // On its way through NAT a response has the pod's address for some time.
    if (c.strangers[slot] !== 0 && leg.atMicros - (c.strangeAt[slot] ?? 0) < NAT_MICROS) c.strangers[slot] = 0
    return this.#is(number, 'response')
  }

  #strange(number: number, leg: Leg): Role {
    if (number === 0) {
      this.lastNumber = 0
      return 'orphan'
    }
    const c = this.#columns
    const slot = number & this.#mask
    // After the response that was waited for, a leg of it under another address is no surprise.
    if ((c.responses[slot] ?? 0) > 0 && leg.atMicros - (c.lastResponseAt[slot] ?? 0) < NAT_MICROS)
      return this.#is(number, 'copy')
    if (c.strangers[slot] === 0) {
      c.strangers[slot] = leg.source
      c.strangeFrames[slot] = leg.frame
      c.strangeAt[slot] = leg.atMicros
    }
    return this.#is(number, 'strange')
  }

  #is(number: number, role: Role): Role {
    this.lastNumber = number
    return role
  }

  // --- The ring ---

  #create(leg: Leg, scan: ScannedMessage, { key, hash, name, bit }: NewEntry): void {
    if (this.#next - this.#oldest > this.#mask) this.#makeRoom()
    const number = this.#next
    this.#next += 1
    const c = this.#columns
    const slot = number & this.#mask
    const bucket = key & this.#bucketMask
    c.keys[slot] = key
    c.hashes[slot] = hash
    c.chain[slot] = this.#buckets[bucket] ?? 0
    this.#buckets[bucket] = number
    c.names[slot] = name
    c.ids[slot] = scan.id
    c.types[slot] = scan.type
    c.ednsSizes[slot] = scan.ednsSize
    c.clients[slot] = leg.source
    c.clientPorts[slot] = leg.sourcePort
    c.servers[slot] = leg.destination
    c.serverPorts[slot] = leg.destinationPort
    c.firstAt[slot] = leg.atMicros
    c.lastSendAt[slot] = leg.atMicros
    c.queryFrames[slot] = leg.frame
    c.lastQueryFrames[slot] = leg.frame
    c.queryPaths[slot] = bit
    c.bits[slot] = leg.isTcp ? TCP : 0
    c.sends[slot] = 1
    c.responses[slot] = 0
    c.endpoints[slot] = 0
    c.masquerades[slot] = 0
    c.strangers[slot] = 0
    c.secondFrames[slot] = 0
    c.responseFrames[slot] = 0
    c.siblings[slot] = this.#findSibling(number, leg)
    this.lastNumber = number
  }

  /** The client's last transaction, when it asked the same name from the same socket just before; the two know each other then. */
  #findSibling(number: number, leg: Leg): number {
    const client = leg.source
    if (client >= this.#lastOfClient.length) {
      const larger = new Int32Array(2 * Math.max(client, this.#lastOfClient.length))
      larger.set(this.#lastOfClient)
      this.#lastOfClient = larger
    }
    const last = this.#lastOfClient[client] ?? 0
    this.#lastOfClient[client] = number
    if (last < this.#oldest || last === 0) return 0
    const c = this.#columns
    const slot = number & this.#mask
    const other = last & this.#mask
    const isSibling =
      c.hashes[other] === c.hashes[slot] &&
      c.types[other] !== c.types[slot] &&
      c.clientPorts[other] === leg.sourcePort &&
      c.servers[other] === leg.destination &&
      leg.atMicros - (c.firstAt[other] ?? 0) < SIBLING_MICROS
    if (!isSibling) return 0
    c.siblings[other] = number
    return last
  }

  get #bucketMask(): number {
    return this.#buckets.length - 1
  }

  /** Lets go of what is older than the horizon. */
  #advance(atMicros: number): void {
    if (atMicros > this.#now) this.#now = atMicros
    const limit = this.#now - HORIZON_MICROS
    while (this.#oldest < this.#next && (this.#columns.lastSendAt[this.#oldest & this.#mask] ?? 0) < limit)
      this.#retire()
  }

  #retire(): void {
    this.#options.onFinished(this.#oldest & this.#mask)
    this.#oldest += 1
  }

  #makeRoom(): void {
    const size = this.#mask + 1
    if (size >= (this.#options.maxEntries ?? MAX_ENTRIES)) {
      this.#retire()
      return
    }
    const columns = createColumns(2 * size)
    const mask = 2 * size - 1
    const buckets = new Int32Array(4 * size)
    // An entry's slot stays, or moves by the old size: each half of a new column is the old one.
    for (const name of Object.keys(columns) as (keyof Columns)[]) {
      columns[name].set(this.#columns[name])
      columns[name].set(this.#columns[name], size)
    }
    for (let number = this.#oldest; number < this.#next; number += 1) {
      const slot = number & mask
      const bucket = (columns.keys[slot] ?? 0) & (buckets.length - 1)
      columns.chain[slot] = buckets[bucket] ?? 0
      buckets[bucket] = number
    }
    this.#columns = columns
    this.#mask = mask
    this.#buckets = buckets
  }
}

interface Comparison {
  readonly sameClient: boolean
  readonly sameServer: boolean
  readonly since: number
  readonly isNewPath: boolean
}

interface NewEntry {
  readonly key: number
  readonly hash: number
  readonly name: number
  readonly bit: number
}

export interface Columns {
  readonly firstAt: Float64Array
  readonly lastSendAt: Float64Array
  readonly answeredAt: Float64Array
  readonly lastResponseAt: Float64Array
  readonly strangeAt: Float64Array
  readonly keys: Int32Array
  readonly hashes: Int32Array
  readonly chain: Int32Array
  readonly names: Int32Array
  readonly clients: Int32Array
  readonly servers: Int32Array
  readonly endpoints: Int32Array
  readonly masquerades: Int32Array
  readonly strangers: Int32Array
  readonly siblings: Int32Array
  readonly contents: Int32Array
  readonly queryPaths: Int32Array
  readonly responsePaths: Int32Array
  readonly queryFrames: Uint32Array
  readonly lastQueryFrames: Uint32Array
  readonly responseFrames: Uint32Array
  readonly secondFrames: Uint32Array
  readonly strangeFrames: Uint32Array
  readonly ids: Uint16Array
  readonly types: Uint16Array
  readonly ednsSizes: Uint16Array
  readonly clientPorts: Uint16Array
  readonly serverPorts: Uint16Array
  readonly endpointPorts: Uint16Array
  readonly masqueradePorts: Uint16Array
  readonly rcodes: Uint16Array
  readonly answers: Uint16Array
  readonly responseBytes: Uint16Array
  readonly sends: Uint16Array
  readonly sendsBefore: Uint16Array
  readonly responses: Uint8Array
  readonly bits: Uint8Array
}

function createColumns(size: number): Columns {
  const words = (): Int32Array => new Int32Array(size)
  const frames = (): Uint32Array => new Uint32Array(size)
  const halves = (): Uint16Array => new Uint16Array(size)
  const times = (): Float64Array => new Float64Array(size)
  return {
    firstAt: times(),
    lastSendAt: times(),
    answeredAt: times(),
    lastResponseAt: times(),
    strangeAt: times(),
    keys: words(),
    hashes: words(),
    chain: words(),
    names: words(),
    clients: words(),
    servers: words(),
    endpoints: words(),
    masquerades: words(),
    strangers: words(),
    siblings: words(),
    contents: words(),
    queryPaths: words(),
    responsePaths: words(),
    queryFrames: frames(),
    lastQueryFrames: frames(),
    responseFrames: frames(),
    secondFrames: frames(),
    strangeFrames: frames(),
    ids: halves(),
    types: halves(),
    ednsSizes: halves(),
    clientPorts: halves(),
    serverPorts: halves(),
    endpointPorts: halves(),
    masqueradePorts: halves(),
    rcodes: halves(),
    answers: halves(),
    responseBytes: halves(),
    sends: halves(),
    sendsBefore: halves(),
    responses: new Uint8Array(size),
    bits: new Uint8Array(size),
  }
}

function keyOf(hash: number, id: number, type: number): number {
  return (hash ^ Math.imul(id, 0x9e3779b1) ^ Math.imul(type, 0x85ebca6b)) & 0x7fffffff
}
