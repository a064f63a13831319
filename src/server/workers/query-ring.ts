// Queries on their way from an answering thread to the main thread: a ring of words in memory that both see, written by one
// and read by the other. A query lies in it as
//    0 words taken | 1 socket   | 2 octets of the query | 3-9 socket address of the client | the query
// and word 0 is 0 where the rest of the ring was too short for it. Hot path: nothing is allocated.
import { NAME_WORDS, SLOT_BYTES } from '../../sys/index.ts'
import type { DatagramVector } from '../../sys/index.ts'

/** 1 MiB: more queries of the usual size than the kernel keeps for a socket. A power of two. */
const RING_WORDS = 1 << 18
const HEADER_WORDS = 3 + NAME_WORDS
const SLOT_WORDS = SLOT_BYTES / 4

/** Words written and read since the beginning (modulo 2^32), whether the reader sleeps, and what found no room. */
const WRITTEN = 0
const READ = 1
const ASLEEP = 2
const LOST = 3

/** The memory of a ring. */
export interface QueryRingMemory {
  readonly control: Int32Array
  readonly words: Int32Array
}

export function createQueryRing(): QueryRingMemory {
  const control = new Int32Array(new SharedArrayBuffer(16))
  control[ASLEEP] = 1
  return { control, words: new Int32Array(new SharedArrayBuffer(RING_WORDS * 4)) }
}

/** The side that writes. */
export class QueryRingWriter {
  readonly #control: Int32Array
  readonly #words: Int32Array

  constructor({ control, words }: QueryRingMemory) {
    this.#control = control
    this.#words = words
  }

  /**
   * Adds a query; without room it is lost, as a datagram that finds the socket's buffer full.
   *
   * @param client the words of its socket address, the first one at `clientAt`
   */
  put(socket: number, query: Int32Array, at: number, bytes: number, client: Int32Array, clientAt: number): void {
    const control = this.#control
    const words = this.#words
    const queryWords = (bytes + 3) >> 2
    const size = HEADER_WORDS + queryWords
    let written = Atomics.load(control, WRITTEN)
    let start = written & (RING_WORDS - 1)
    const skipped = start + size > RING_WORDS ? RING_WORDS - start : 0
    const used = (written - Atomics.load(control, READ)) | 0
    if (used + skipped + size > RING_WORDS) {
      Atomics.add(control, LOST, 1)
      return
    }
    if (skipped > 0) {
      words[start] = 0
      written += skipped
      start = 0
    }
    words[start] = size
    words[start + 1] = socket
    words[start + 2] = bytes
    for (let index = 0; index < NAME_WORDS; index += 1) words[start + 3 + index] = client[clientAt + index] ?? 0
    for (let index = 0; index < queryWords; index += 1) words[start + HEADER_WORDS + index] = query[at + index] ?? 0
    Atomics.store(control, WRITTEN, (written + size) | 0)
  }

  /** Whether the reader must be woken up; true once for each sleep. */
  mustWake(): boolean {
    return Atomics.load(this.#control, ASLEEP) === 1 && Atomics.exchange(this.#control, ASLEEP, 0) === 1
  }
}

/** The side that reads. */
export class QueryRingReader {
  readonly memory: QueryRingMemory = createQueryRing()

  /** Queries that found no room. */
  get lost(): number {
    return Atomics.load(this.memory.control, LOST)
  }

  /** The socket that the next query came in at; -1 when there is none. */
  nextSocket(): number {
    const start = this.#next()
    return start < 0 ? -1 : (this.memory.words[start + 1] ?? 0)
  }

  /** Takes the next query, if it came in at this socket, into a slot; its octets, or -1. */
  take(socket: number, { words: slots, nameWords }: DatagramVector, slot: number): number {
    const start = this.#next()
    const { words } = this.memory
    if (start < 0 || words[start + 1] !== socket) return -1
    const bytes = words[start + 2] ?? 0
    const count = (bytes + 3) >> 2
    for (let index = 0; index < NAME_WORDS; index += 1) {
      nameWords[slot * NAME_WORDS + index] = words[start + 3 + index] ?? 0
    }
    for (let index = 0; index < count; index += 1) {
      slots[slot * SLOT_WORDS + index] = words[start + HEADER_WORDS + index] ?? 0
    }
    this.#skip(start)
    return bytes
  }

  /** Drops the next query. */
  drop(): void {
    const start = this.#next()
    if (start >= 0) this.#skip(start)
  }

  /** Says that the reader must be woken up for the next query. False when one came meanwhile. */
  sleep(): boolean {
    const { control } = this.memory
    Atomics.store(control, ASLEEP, 1)
    if (Atomics.load(control, WRITTEN) === Atomics.load(control, READ)) return true
    Atomics.store(control, ASLEEP, 0)
    return false
  }

  /** Where the next query begins, behind a rest that was too short; -1 when there is none. */
  #next(): number {
    const { control, words } = this.memory
    const read = Atomics.load(control, READ)
    if (read === Atomics.load(control, WRITTEN)) return -1
    const start = read & (RING_WORDS - 1)
    if (words[start] !== 0) return start
    Atomics.store(control, READ, (read + RING_WORDS - start) | 0)
    return 0
  }

  #skip(start: number): void {
    const { control, words } = this.memory
    Atomics.add(control, READ, words[start] ?? 0)
  }
}
