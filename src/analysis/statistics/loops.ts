// Questions that go round between servers: one server asks another what that one asks it. Hot path, since a forwarder is a client of
// servers: the last questions between servers lie in a ring of rows with a hash table over it.
import type { AddressId } from '../../capture/index.ts'
import type { NameId } from '../messages/name-table.ts'

/** A power of two. */
const MAX_QUESTIONS = 8192
const BUCKETS = 4 * MAX_QUESTIONS
const WINDOW_MICROS = 10e6
const MAX_FRAMES = 6
/** Loops that stay when the ring comes round to them, at a time. */
const MAX_KEPT_AT_ONCE = 16

/** Words of a row: addresses in ascending order, name, type, counts as in {@link Loop}, next in the bucket, frames. */
const ROW = 16
const [LOW, HIGH, NAME, TYPE, THERE, BACK, GOOD, CHAIN, FRAME_COUNT, FRAMES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

/** One question between two servers, counted in both directions within ten seconds. */
export interface Loop {
  readonly low: AddressId
  readonly high: AddressId
  readonly name: NameId
  readonly type: number
  /** From the lower number to the higher, and back; of a server that asks itself only the first. */
  readonly there: number
  readonly back: number
  readonly frames: readonly number[]
}

/** Counts questions among servers. */
export class Loops {
  readonly #rows: Int32Array = new Int32Array(ROW * MAX_QUESTIONS)
  readonly #firstAt: Float64Array = new Float64Array(MAX_QUESTIONS)
  readonly #buckets: Int32Array = new Int32Array(BUCKETS)
  /** Numbers of the oldest row in the ring and of the next new one; from 1. */
  #oldest = 1
  #next = 1
  #servers: Uint8Array = new Uint8Array(1024)

  takeServer(server: AddressId, endpoint: AddressId): void {
    if (server >= this.#servers.length || endpoint >= this.#servers.length) {
      const larger = new Uint8Array(2 * Math.max(server, endpoint))
      larger.set(this.#servers)
      this.#servers = larger
    }
    this.#servers[server] = 1
    if (endpoint !== 0) this.#servers[endpoint] = 1
  }

  /** Whether anybody asked this address before. */
  isServer(address: AddressId): boolean {
    return this.#servers[address] === 1
  }

  /**
   * Takes a question that one server asked another.
   *
   * @param sends how often it was sent: forwarders send again what does not come back
   * @param isGood whether a response other than SERVFAIL came
   */
  // oxlint-disable-next-line max-params -- hot path
  take(
    client: AddressId,
    server: AddressId,
    name: NameId,
    type: number,
    atMicros: number,
    frame: number,
    sends: number,
    isGood: boolean,
  ): void {
    const rows = this.#rows
    const low = Math.min(client, server)
    const number = this.#find(low, Math.max(client, server), name, type) || this.#add(client, server, name, type)
    const slot = number & (MAX_QUESTIONS - 1)
    const at = slot * ROW
    if (rows[at + FRAME_COUNT] === 0) this.#firstAt[slot] = atMicros
    if (atMicros - (this.#firstAt[slot] ?? 0) > WINDOW_MICROS) {
      if (this.#isLoop(at)) return
      rows.fill(0, at + THERE, at + CHAIN)
      rows[at + FRAME_COUNT] = 0
      this.#firstAt[slot] = atMicros
    }
    const direction = client === low ? THERE : BACK
    // A server that asks itself may send again for many reasons: there each question counts once.
    rows[at + direction] = (rows[at + direction] ?? 0) + (client === server ? 1 : sends)
    if (isGood) rows[at + GOOD] = (rows[at + GOOD] ?? 0) + 1
    const count = rows[at + FRAME_COUNT] ?? 0
    if (count === MAX_FRAMES) return
    rows[at + FRAMES + count] = frame
    rows[at + FRAME_COUNT] = count + 1
  }

  /**
   * Questions that go round, the earliest first: three times in each direction, or, for a server that asks itself, ten times within
   * ten seconds with no answer but SERVFAIL.
   */
  found(): Loop[] {
    const loops: Loop[] = []
    const word = (at: number): number => this.#rows[at] ?? 0
    for (let number = this.#oldest; number < this.#next; number += 1) {
      const at = (number & (MAX_QUESTIONS - 1)) * ROW
      if (!this.#isLoop(at)) continue
      const frames = [...this.#rows.subarray(at + FRAMES, at + FRAMES + word(at + FRAME_COUNT))]
      loops.push({
        low: word(at + LOW),
        high: word(at + HIGH),
        name: word(at + NAME),
        type: word(at + TYPE),
        there: word(at + THERE),
        back: word(at + BACK),
        frames: frames.map((frame) => frame >>> 0),
      })
    }
    return loops.sort((a, b) => (a.frames[0] ?? 0) - (b.frames[0] ?? 0))
  }

  /** The number of a row; 0 for none. */
  // oxlint-disable-next-line max-params -- hot path
  #find(low: AddressId, high: AddressId, name: NameId, type: number): number {
    const rows = this.#rows
    let number = this.#buckets[bucketOf(low, high, name, type)] ?? 0
    while (number >= this.#oldest) {
      const at = (number & (MAX_QUESTIONS - 1)) * ROW
      if (rows[at + NAME] === name && rows[at + TYPE] === type && rows[at + LOW] === low && rows[at + HIGH] === high)
        return number
      number = rows[at + CHAIN] ?? 0
    }
    return 0
  }

  // oxlint-disable-next-line max-params -- hot path
  #add(client: AddressId, server: AddressId, name: NameId, type: number): number {
    for (let kept = 0; this.#next - this.#oldest === MAX_QUESTIONS; kept += 1) {
      const slot = this.#oldest & (MAX_QUESTIONS - 1)
      this.#oldest += 1
      // A loop moves to the ring's other end, where the same slot is the next one.
      if (kept < MAX_KEPT_AT_ONCE && this.#isLoop(slot * ROW)) this.#link(slot * ROW)
    }
    const at = (this.#next & (MAX_QUESTIONS - 1)) * ROW
    this.#rows.fill(0, at, at + ROW)
    this.#rows[at + LOW] = Math.min(client, server)
    this.#rows[at + HIGH] = Math.max(client, server)
    this.#rows[at + NAME] = name
    this.#rows[at + TYPE] = type
    return this.#link(at)
  }

  /** Gives the row at the ring's end its number, and its place in its bucket. */
  #link(at: number): number {
    const rows = this.#rows
    const number = this.#next
    this.#next += 1
    const bucket = bucketOf(rows[at + LOW] ?? 0, rows[at + HIGH] ?? 0, rows[at + NAME] ?? 0, rows[at + TYPE] ?? 0)
    rows[at + CHAIN] = this.#buckets[bucket] ?? 0
    this.#buckets[bucket] = number
    return number
  }

  #isLoop(at: number): boolean {
    const rows = this.#rows
    const [there, back] = [rows[at + THERE] ?? 0, rows[at + BACK] ?? 0]
    return rows[at + LOW] === rows[at + HIGH] ? there >= 10 && rows[at + GOOD] === 0 : there >= 3 && back >= 3
  }
}

// oxlint-disable-next-line max-params -- hot path
function bucketOf(low: AddressId, high: AddressId, name: NameId, type: number): number {
  let mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)
  mixed = Math.imul(mixed ^ name, 0xc2b2ae35) ^ Math.imul(type, 0x27d4eb2f)
  return (mixed ^ (mixed >>> 15)) & (BUCKETS - 1)
}
