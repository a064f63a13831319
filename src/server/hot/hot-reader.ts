// Gives the kept answers of a table that another thread keeps. Hot path; layout.ts shows the memory.
//
// Whatever looks changed or changing is no answer here: the keeping thread then answers, whose view is always right. An answer
// is given only if its stamp had the value that it was kept with after the query came, so never an older one than that thread gives.
import {
  DUE,
  EPOCH,
  GROUP,
  HASH,
  HEADER_WORDS,
  KEY,
  MAX_QUERY_BYTES,
  NUMBER,
  RESPONSE_BYTES,
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
import type { HotTally } from './hot-tally.ts'
import { applyShuffle } from './shuffle.ts'
import type { Draw } from './shuffle.ts'

/** What a reader is made with, beside the memory of the table. */
export interface HotReaderOptions {
  readonly memory: HotMemory
  /** The memory of all stamps. */
  readonly stamps: Int32Array
  readonly tally: HotTally
  /** 32 random bits. */
  readonly random: number
}

const dueTime = new Float64Array(1)
const dueWords = new Int32Array(dueTime.buffer)

/** A table as another thread sees it. */
export class HotReader {
  readonly #memory: HotMemory
  readonly #words: Int32Array
  readonly #stamps: Int32Array
  readonly #tally: HotTally
  readonly #mask: number
  readonly #draw: Draw

  constructor({ memory, stamps, tally, random }: HotReaderOptions) {
    this.#memory = memory
    this.#words = memory.words
    this.#mask = memory.slots.length - 1
    this.#stamps = stamps
    this.#tally = tally
    this.#draw = { state: random | 0 || 1 }
  }

  /**
   * Writes the response to a query, as `InPlaceResponder.answer` does; 0 when the keeping thread is to be asked.
   *
   * @param now monotonic milliseconds of the keeping thread
   */
  answer(
    now: number,
    query: Int32Array,
    at: number,
    bytes: number,
    response: Int32Array,
    responseOctets: Uint8Array,
    responseAt: number,
    via: number,
    client: Int32Array,
    clientAt: number,
  ): number {
    if (bytes > MAX_QUERY_BYTES) return 0
    const { control } = this.#memory
    const epoch = Atomics.load(control, EPOCH)
    if ((epoch & 1) !== 0 || !this.#stampsHold()) return 0
    const words = this.#words
    const entry = this.#find(query, at, bytes, via, client, clientAt)
    if (entry === 0) return 0

    const version = Atomics.load(words, entry + VERSION)
    const slot = Atomics.load(words, entry + SLOT)
    if ((version & 1) !== 0 || slot === 0) return 0
    if (Atomics.load(this.#stamps, slot) !== Atomics.load(words, entry + STAMP)) return 0
    dueWords[0] = Atomics.load(words, entry + DUE)
    dueWords[1] = Atomics.load(words, entry + DUE + 1)
    if (now >= (dueTime[0] ?? 0)) return 0

    const length = Atomics.load(words, entry + RESPONSE_BYTES)
    const from = this.#responseAt(entry)
    const count = (length + 3) >> 2
    // What is no entry any more may say anything.
    if (count > response.length - responseAt || from + count > words.length) return 0
    response[responseAt] = (Atomics.load(words, from) & 0xffff0000) | ((query[at] ?? 0) & 0xffff)
    for (let index = 1; index < count; index += 1) response[responseAt + index] = Atomics.load(words, from + index)
    const first = Atomics.load(words, entry + SHUFFLE_ANSWER)
    const second = Atomics.load(words, entry + SHUFFLE_ADDITIONAL)
    const number = words[entry + NUMBER] ?? 0
    const group = Atomics.load(words, entry + GROUP)
    if (Atomics.load(words, entry + VERSION) !== version || Atomics.load(control, EPOCH) !== epoch) return 0

    if (first !== 0) applyShuffle(responseOctets, responseAt << 2, first, this.#draw)
    if (second !== 0) applyShuffle(responseOctets, responseAt << 2, second, this.#draw)
    this.#tally.hit(number, group)
    return length
  }

  /** Whether what stands in front of the entries is as it was when they were kept. */
  #stampsHold(): boolean {
    const { control } = this.#memory
    const count = control[STAMP_COUNT] ?? 0
    let sum = 0
    for (let index = 0; index < count; index += 1) {
      sum = (sum + Atomics.load(this.#stamps, control[STAMP_SLOTS + index] ?? 0)) | 0
    }
    return sum === Atomics.load(control, STAMP_SUM)
  }

  #find(query: Int32Array, at: number, bytes: number, via: number, client: Int32Array, clientAt: number): number {
    const { slots, clientWords } = this.#memory
    const hash = hashQuery(this.#memory, query, at, bytes, via, client, clientAt)
    const words = this.#words
    const key = bytes | (via << 16)
    const mask = this.#mask
    // At most one time around: the slots may change under this.
    for (let slot = hash & mask, left = mask; left > 0; slot = (slot + 1) & mask, left -= 1) {
      const entry = Atomics.load(slots, slot)
      if (entry === 0) return 0
      if (words[entry + HASH] !== hash || Atomics.load(words, entry + KEY) !== key) continue
      let mine = entry + HEADER_WORDS
      let same = true
      for (let index = 0; index < clientWords; index += 1) {
        if (words[mine + index] !== client[clientAt + index]) same = false
      }
      mine += clientWords
      if (!same || words[mine] !== (query[at] ?? 0) >>> 16) continue
      const last = (bytes - 1) >> 2
      let index = 1
      while (index <= last && words[mine + index] === query[at + index]) index += 1
      if (index > last) return entry
    }
    return 0
  }

  #responseAt(entry: number): number {
    const keyBytes = Atomics.load(this.#words, entry + KEY) & 0xffff
    return entry + HEADER_WORDS + this.#memory.clientWords + ((keyBytes + 3) >> 2)
  }
}
