// Answers kept as octets, found by the octets of their query: the same octets get the same response, whatever they say.
// Hot path: one memory block for all of them, words of 32 bits, no object for a query. Little-endian machines only.
//
// A query's key is all of it but the id: word 0 without its lower half, then the other words, the last one filled with zeros.
// One entry, in words, at an even index:
//    0 hash            1 key bytes | via << 16      2 response bytes   3 number of the entry
//    4-5 due (float64) 6 the stamp's value          7 hits not told yet
//    8 duration group  9 shuffle of the answer     10 shuffle of the additional section   11 room for the response in words
//   12 the client's address (5 words, where it matters), the key, the response
import type { Shuffles } from './shuffle.ts'
import { applyShuffle } from './shuffle.ts'
import type { Draw } from './shuffle.ts'

/** Bounds, so that no client can make the server grow. */
const MAX_ENTRIES = 1 << 16
const MAX_WORDS = 1 << 22
/** Longer queries and responses are rare, and not worth keeping. */
export const MAX_QUERY_BYTES = 320
export const MAX_RESPONSE_BYTES = 2048

const FIRST_ENTRIES = 1 << 10
const FIRST_WORDS = 1 << 14

const HASH = 0
const KEY = 1
const RESPONSE_BYTES = 2
const NUMBER = 3
const DUE = 4
const STAMP = 6
const HITS = 7
const GROUP = 8
const SHUFFLE_ANSWER = 9
const SHUFFLE_ADDITIONAL = 10
const ROOM = 11
const HEADER_WORDS = 12
/** Of a socket address: all but its first word, which holds family and port. */
const CLIENT_WORDS = 5

/** A way that no query comes in. */
const NOBODY = 0xff << 16
/** An entry that answers nothing. */
const NEVER = Number.NEGATIVE_INFINITY

/** A query as the table sees it. */
export interface Query {
  readonly words: Int32Array
  /** First word of the message. */
  readonly at: number
  readonly bytes: number
  readonly via: number
  /** Words of the client's address, `clientAt` the first. */
  readonly client: Int32Array
  readonly clientAt: number
}

/** What an entry is made with. */
export interface NewAnswer {
  readonly response: Uint8Array
  readonly stampValue: number
  /** Monotonic milliseconds; see {@link HotTable.isDue}. */
  readonly due: number
  readonly group: number
  readonly shuffles: Shuffles
}

/** The entries of one listener. An entry is addressed by its first word until the next `add` or `clear`. */
export class HotTable {
  #words = new Int32Array(FIRST_WORDS)
  #times = new Float64Array(this.#words.buffer)
  #octets = new Uint8Array(this.#words.buffer)
  /** Open addressing: first word of an entry, or 0. At most half full. */
  #slots = new Int32Array(FIRST_ENTRIES * 2)
  #mask = FIRST_ENTRIES * 2 - 1
  /** Word 0 is nobody's, so that 0 means an empty slot. */
  #used = 2
  #entries = 0
  readonly #clientWords: number
  readonly #seed: number
  readonly #draw: Draw

  constructor(options: { readonly perClient: boolean; readonly random: () => number }) {
    this.#clientWords = options.perClient ? CLIENT_WORDS : 0
    this.#seed = (options.random() << 16) | options.random()
    this.#draw = { state: (options.random() << 16) | options.random() || 1 }
  }

  get size(): number {
    return this.#entries
  }

  /** Hashes a query, which must be followed by octets that may be overwritten up to the next word. */
  hash(words: Int32Array, at: number, bytes: number, via: number, client: Int32Array, clientAt: number): number {
    const last = at + ((bytes - 1) >> 2)
    const rest = bytes & 3
    if (rest !== 0) words[last] = (words[last] ?? 0) & ((1 << (rest << 3)) - 1)
    let hash = this.#seed ^ Math.imul((bytes << 3) | via, 0x9e3779b1)
    hash = mix(hash, (words[at] ?? 0) >>> 16)
    for (let index = at + 1; index <= last; index += 1) hash = mix(hash, words[index] ?? 0)
    for (let index = 0; index < this.#clientWords; index += 1) hash = mix(hash, client[clientAt + index] ?? 0)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    return hash ^ (hash >>> 13)
  }

  /** The entry of this very query, or 0. */
  find(
    hash: number,
    words: Int32Array,
    at: number,
    bytes: number,
    via: number,
    client: Int32Array,
    clientAt: number,
  ): number {
    const own = this.#words
    const key = bytes | (via << 16)
    const clientWords = this.#clientWords
    let slot = hash & this.#mask
    for (;;) {
      const entry = this.#slots[slot] ?? 0
      if (entry === 0) return 0
      if (own[entry + HASH] === hash && own[entry + KEY] === key) {
        let mine = entry + HEADER_WORDS
        let same = true
        for (let index = 0; index < clientWords; index += 1) {
          if (own[mine + index] !== client[clientAt + index]) same = false
        }
        mine += clientWords
        if (same && own[mine] === (words[at] ?? 0) >>> 16) {
          const last = (bytes - 1) >> 2
          let index = 1
          while (index <= last && own[mine + index] === words[at + index]) index += 1
          if (index > last) return entry
        }
      }
      slot = (slot + 1) & this.#mask
    }
  }

  /** Whether the entry must be looked at before it answers: its time came, or its stamp is another one. */
  isDue(entry: number, now: number, stampValue: number): boolean {
    return now >= (this.#times[(entry + DUE) >> 1] ?? 0) || this.#words[entry + STAMP] !== stampValue
  }

  /** Writes the entry's response for a query with this first word, and counts it; its length in octets. */
  answer(entry: number, firstWord: number, response: Int32Array, responseOctets: Uint8Array, at: number): number {
    const own = this.#words
    const bytes = own[entry + RESPONSE_BYTES] ?? 0
    const from = this.#responseAt(entry)
    const count = (bytes + 3) >> 2
    response[at] = ((own[from] ?? 0) & 0xffff0000) | (firstWord & 0xffff)
    for (let index = 1; index < count; index += 1) response[at + index] = own[from + index] ?? 0
    const first = own[entry + SHUFFLE_ANSWER] ?? 0
    const second = own[entry + SHUFFLE_ADDITIONAL] ?? 0
    if (first !== 0) applyShuffle(responseOctets, at << 2, first, this.#draw)
    if (second !== 0) applyShuffle(responseOctets, at << 2, second, this.#draw)
    own[entry + HITS] = (own[entry + HITS] ?? 0) + 1
    return bytes
  }

  numberOf(entry: number): number {
    return this.#words[entry + NUMBER] ?? 0
  }

  groupOf(entry: number): number {
    return this.#words[entry + GROUP] ?? 0
  }

  dueOf(entry: number): number {
    return this.#times[(entry + DUE) >> 1] ?? 0
  }

  /** How often the entry answered since this was asked last. */
  takeHits(entry: number): number {
    const hits = this.#words[entry + HITS] ?? 0
    this.#words[entry + HITS] = 0
    return hits
  }

  renew(entry: number, stampValue: number, due: number): void {
    this.#words[entry + STAMP] = stampValue
    this.#times[(entry + DUE) >> 1] = due
  }

  /** Keeps the entry from answering; its place is used again when the same query is kept again. */
  retire(entry: number): void {
    this.#times[(entry + DUE) >> 1] = NEVER
  }

  /** The entry's response, to be changed in place. */
  responseOf(entry: number): { readonly octets: Uint8Array; readonly start: number; readonly bytes: number } {
    const bytes = this.#words[entry + RESPONSE_BYTES] ?? 0
    return { octets: this.#octets, start: this.#responseAt(entry) << 2, bytes }
  }

  /** The first word of each entry, by number. */
  *entries(): IterableIterator<number> {
    for (let entry = 2; entry < this.#used; entry += this.#sizeOf(entry)) yield entry
  }

  /**
   * Keeps a response for a query that {@link HotTable.find} did not find, or in place of the `old` entry that it found.
   *
   * @returns the entry, or 0 when the table is full: then it must be cleared
   */
  add(query: Query, hash: number, answer: NewAnswer, old: number): number {
    const { response } = answer
    const responseWords = (response.length + 3) >> 2
    const isInPlace = old !== 0 && (this.#words[old + ROOM] ?? 0) >= responseWords
    const entry = isInPlace ? old : this.#allocate(query, hash, responseWords)
    if (entry === 0) return 0
    const own = this.#words
    own[entry + RESPONSE_BYTES] = response.length
    own[entry + HITS] = 0
    own[entry + GROUP] = answer.group
    own[entry + SHUFFLE_ANSWER] = answer.shuffles[0]
    own[entry + SHUFFLE_ADDITIONAL] = answer.shuffles[1]
    this.#octets.set(response, this.#responseAt(entry) << 2)
    this.renew(entry, answer.stampValue, answer.due)
    if (!isInPlace) this.#insert(entry, hash, old)
    return entry
  }

  clear(): void {
    this.#slots.fill(0)
    this.#used = 2
    this.#entries = 0
  }

  // --- Memory ---

  #responseAt(entry: number): number {
    return entry + HEADER_WORDS + this.#clientWords + ((((this.#words[entry + KEY] ?? 0) & 0xffff) + 3) >> 2)
  }

  #sizeOf(entry: number): number {
    const size = this.#responseAt(entry) - entry + (this.#words[entry + ROOM] ?? 0)
    return size + (size & 1)
  }

  #allocate(query: Query, hash: number, responseWords: number): number {
    const keyWords = (query.bytes + 3) >> 2
    const size = HEADER_WORDS + this.#clientWords + keyWords + responseWords
    if (this.#entries >= MAX_ENTRIES || this.#used + size + 1 > MAX_WORDS) return 0
    while (this.#used + size + 1 > this.#words.length) this.#growWords()
    if (this.#entries * 2 >= this.#slots.length - 2) this.#growSlots()
    const entry = this.#used
    const own = this.#words
    own[entry + HASH] = hash
    own[entry + KEY] = query.bytes | (query.via << 16)
    own[entry + NUMBER] = this.#entries
    own[entry + ROOM] = responseWords
    let to = entry + HEADER_WORDS
    for (let index = 0; index < this.#clientWords; index += 1) {
      own[to] = query.client[query.clientAt + index] ?? 0
      to += 1
    }
    own[to] = (query.words[query.at] ?? 0) >>> 16
    for (let index = 1; index < keyWords; index += 1) own[to + index] = query.words[query.at + index] ?? 0
    this.#used += size + (size & 1)
    this.#entries += 1
    return entry
  }

  /** Puts an entry into the slots, in place of an old one that had no room for its response. */
  #insert(entry: number, hash: number, old: number): void {
    let slot = hash & this.#mask
    for (;;) {
      const other = this.#slots[slot] ?? 0
      if (other === 0 || other === old) break
      slot = (slot + 1) & this.#mask
    }
    this.#slots[slot] = entry
    // The old one must not be found by another query of its hash, nor come back when the slots grow.
    if (old !== 0) this.#words[old + KEY] = (this.#words[old + KEY] ?? 0) | NOBODY
  }

  #growWords(): void {
    const words = new Int32Array(this.#words.length * 2)
    words.set(this.#words)
    this.#words = words
    this.#times = new Float64Array(words.buffer)
    this.#octets = new Uint8Array(words.buffer)
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    this.#mask = this.#slots.length - 1
    for (const entry of this.entries()) this.#insertGrown(entry)
  }

  #insertGrown(entry: number): void {
    this.#insert(entry, this.#words[entry + HASH] ?? 0, 0)
  }
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
