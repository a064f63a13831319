// Answers kept as octets, found by the octets of their query: the same octets get the same response, whatever they say.
// Hot path: one memory block for all of them, no object for a query; layout.ts shows it. This is the thread that keeps them:
// the only one that writes, so it reads as it likes, and writes atomically what others may be reading.
import {
  CLIENT_WORDS,
  CONTROL_WORDS,
  DUE,
  EPOCH,
  GROUP,
  HASH,
  HEADER_WORDS,
  HITS,
  KEY,
  MAX_ENTRIES,
  MAX_RESPONSE_BYTES,
  MAX_STAMPS,
  MAX_WORDS,
  NUMBER,
  RESPONSE_BYTES,
  ROOM,
  SHUFFLE_ADDITIONAL,
  SHUFFLE_ANSWER,
  SLOT,
  STAMP,
  STAMP_COUNT,
  STAMP_SLOTS,
  STAMP_SUM,
  VERSION,
  hashQuery,
} from './layout.ts'
import type { HotMemory } from './layout.ts'
import type { Draw, Shuffles } from './shuffle.ts'
import { applyShuffle } from './shuffle.ts'

const FIRST_ENTRIES = 1 << 10
const FIRST_WORDS = 1 << 14

/** A way that no query comes in. */
const NOBODY = 0xff << 16
/** An entry that answers nothing. */
const NEVER = Number.NEGATIVE_INFINITY
/** An odd epoch, so that no reader believes what it finds. */
const CLOSED = -1
const MAX_EPOCH = 0x7ffffffe

/** Changes a response of `bytes` octets in place; it begins at `start`. */
export type Patch = (octets: Uint8Array, start: number, bytes: number) => void

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
  /** Where other threads see the stamp; 0 when they cannot. */
  readonly stampSlot: number
  /** Monotonic milliseconds; see {@link HotTable.isDue}. */
  readonly due: number
  readonly group: number
  readonly shuffles: Shuffles
}

/** What a table is made with. */
export interface HotTableOptions {
  readonly perClient: boolean
  /** 16 random bits. */
  readonly random: () => number
  /** Other threads will read it: it is as large as it may become from the start, which costs memory only as it fills. */
  readonly isShared?: boolean | undefined
  /** Slots of the stamps that stand in front of all entries. At most {@link MAX_STAMPS}. */
  readonly stampSlots?: readonly number[] | undefined
}

/** The entries of one listener. An entry is addressed by its first word until the next `add` or `clear`. */
export class HotTable {
  readonly #isShared: boolean
  readonly #control: Int32Array
  #words: Int32Array
  #times: Float64Array
  #octets: Uint8Array
  /** Open addressing: first word of an entry, or 0. At most half full. */
  #slots: Int32Array
  #mask: number
  /** Word 0 is nobody's, so that 0 means an empty slot. */
  #used = 2
  #entries = 0
  readonly #clientWords: number
  readonly #seed: number
  /** What the hash depends on. */
  readonly #keyed: Pick<HotMemory, 'clientWords' | 'seed'>
  readonly #draw: Draw

  constructor({ perClient, random, isShared = false, stampSlots = [] }: HotTableOptions) {
    this.#isShared = isShared
    this.#control = wordsOf(CONTROL_WORDS, isShared)
    this.#words = wordsOf(isShared ? MAX_WORDS : FIRST_WORDS, isShared)
    this.#times = new Float64Array(this.#words.buffer)
    this.#octets = new Uint8Array(this.#words.buffer)
    this.#slots = wordsOf((isShared ? MAX_ENTRIES : FIRST_ENTRIES) * 2, isShared)
    this.#mask = this.#slots.length - 1
    this.#clientWords = perClient ? CLIENT_WORDS : 0
    this.#seed = (random() << 16) | random()
    this.#keyed = { clientWords: this.#clientWords, seed: this.#seed }
    this.#draw = { state: (random() << 16) | random() || 1 }
    if (stampSlots.length > MAX_STAMPS) throw new RangeError(`${stampSlots.length} stamps, limit is ${MAX_STAMPS}`)
    this.#control.set(stampSlots, STAMP_SLOTS)
    this.#control[STAMP_COUNT] = stampSlots.length
  }

  get size(): number {
    return this.#entries
  }

  /** For other threads, if it was made for them. */
  get memory(): HotMemory | undefined {
    if (!this.#isShared) return undefined
    return { control: this.#control, words: this.#words, slots: this.#slots, ...this.#keyed }
  }

  /** Says with which values of the stamps in front, summed up, the entries hold. */
  setStampSum(sum: number): void {
    Atomics.store(this.#control, STAMP_SUM, sum | 0)
  }

  /** No other thread gives an answer from here any more, for good. */
  close(): void {
    Atomics.store(this.#control, EPOCH, CLOSED)
  }

  hash(words: Int32Array, at: number, bytes: number, via: number, client: Int32Array, clientAt: number): number {
    return hashQuery(this.#keyed, words, at, bytes, via, client, clientAt)
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

  /**
   * Lets the entry answer on.
   *
   * @param patch changes the response in place: its octets begin at `start`
   */
  renew(entry: number, stampValue: number, due: number, patch?: Patch): void {
    this.#begin(entry)
    if (patch !== undefined) {
      const bytes = this.#words[entry + RESPONSE_BYTES] ?? 0
      const from = this.#responseAt(entry) << 2
      scratch.set(this.#octets.subarray(from, from + bytes))
      patch(scratch, 0, bytes)
      this.#putResponse(entry, bytes)
    }
    this.#putDue(entry, due)
    this.#put(entry + STAMP, stampValue)
    this.#end(entry)
  }

  /** Keeps the entry from answering; its place is used again when the same query is kept again. */
  retire(entry: number): void {
    this.#begin(entry)
    this.#putDue(entry, NEVER)
    this.#end(entry)
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
    this.#begin(entry)
    scratch.set(response)
    this.#putResponse(entry, response.length)
    this.#put(entry + RESPONSE_BYTES, response.length)
    this.#put(entry + HITS, 0)
    this.#put(entry + GROUP, answer.group)
    this.#put(entry + SHUFFLE_ANSWER, answer.shuffles[0])
    this.#put(entry + SHUFFLE_ADDITIONAL, answer.shuffles[1])
    this.#putDue(entry, answer.due)
    this.#put(entry + SLOT, answer.stampSlot)
    this.#put(entry + STAMP, answer.stampValue)
    this.#end(entry)
    if (!isInPlace) this.#insert(entry, hash, old)
    return entry
  }

  /** Drops all entries. */
  clear(): void {
    const epoch = Atomics.load(this.#control, EPOCH)
    if (epoch !== CLOSED) Atomics.store(this.#control, EPOCH, epoch | 1)
    this.#slots.fill(0)
    this.#used = 2
    this.#entries = 0
    if (epoch !== CLOSED) Atomics.store(this.#control, EPOCH, (epoch + 2) & MAX_EPOCH)
  }

  // --- Writing, for readers of other threads ---

  #begin(entry: number): void {
    Atomics.add(this.#words, entry + VERSION, 1)
  }

  #end(entry: number): void {
    Atomics.add(this.#words, entry + VERSION, 1)
  }

  #put(word: number, value: number): void {
    Atomics.store(this.#words, word, value)
  }

  #putDue(entry: number, due: number): void {
    dueTime[0] = due
    this.#put(entry + DUE, dueWords[0] ?? 0)
    this.#put(entry + DUE + 1, dueWords[1] ?? 0)
  }

  /** Of what is in the scratch. */
  #putResponse(entry: number, bytes: number): void {
    const from = this.#responseAt(entry)
    const count = (bytes + 3) >> 2
    for (let index = 0; index < count; index += 1) this.#put(from + index, scratchWords[index] ?? 0)
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
    own[entry + VERSION] = 0
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
    // What the entry holds is written before it can be found.
    Atomics.store(this.#slots, slot, entry)
    // The old one must not be found by another query of its hash, nor come back when the slots grow.
    if (old !== 0) this.#put(old + KEY, (this.#words[old + KEY] ?? 0) | NOBODY)
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

function wordsOf(count: number, isShared: boolean): Int32Array {
  return isShared ? new Int32Array(new SharedArrayBuffer(count * 4)) : new Int32Array(count)
}

const scratchWords = new Int32Array(MAX_RESPONSE_BYTES / 4)
const scratch = new Uint8Array(scratchWords.buffer)
const dueTime = new Float64Array(1)
const dueWords = new Int32Array(dueTime.buffer)
