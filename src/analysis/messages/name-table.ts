// Domain names as small numbers. Names are compared without regard to case and kept as they first came. Hot path: octets of the
// wire format in one arena, open addressing.
import { formatName } from './wire-name.ts'

/** Number of a name; 0 stands for every name beyond the table's limits. */
export type NameId = number

const MAX_NAMES = 1 << 18
const MAX_ARENA_BYTES = 24 << 20

/** Octet to lower-case octet. Length octets are under 64 and stay as they are. */
const LOWER = Uint8Array.from({ length: 256 }, (_, octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 32 : octet))

/** Gives each name a number, from 1. */
export class NameTable {
  #arena: Uint8Array = new Uint8Array(1 << 14)
  #used = 0
  #count = 1
  #starts: Int32Array = new Int32Array(512)
  #hashes: Int32Array = new Int32Array(512)
  #slots: Int32Array = new Int32Array(2048)
  /** Names that found no place. */
  overflow = 0

  /** How many numbers were given out, the 0 included. */
  get size(): number {
    return this.#count
  }

  /** A hash of a name in wire format without compression, whatever its case. */
  static hash(octets: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (LOWER[octets[at] ?? 0] ?? 0), 0x01000193)
    hash ^= hash >>> 15
    hash = Math.imul(hash, 0x2c1b3c6d)
    return hash ^ (hash >>> 13)
  }

  /** The number of a name in wire format without compression, its final zero included. @param hash as {@link NameTable.hash} gives it */
  // oxlint-disable-next-line max-params -- hot path
  idOf(octets: Uint8Array, start: number, end: number, hash: number): NameId {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (;;) {
      const id = this.#slots[slot] ?? 0
      if (id === 0) break
      if (this.#hashes[id] === hash && this.#equals(id, octets, start, end)) return id
      slot = (slot + 1) & mask
    }
    return this.#add(octets, start, end, { hash, slot })
  }

  /** The octets of a name, lower case not assured; empty for 0. */
  octetsOf(id: NameId): Uint8Array {
    if (id === 0) return new Uint8Array(0)
    return this.#arena.subarray(this.#starts[id] ?? 0, this.#starts[id + 1] ?? 0)
  }

  /** A name in presentation format with the final dot. */
  format(id: NameId): string {
    return id === 0 ? '(a name that was not kept)' : formatName(this.octetsOf(id))
  }

  #equals(id: number, octets: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[id] ?? 0
    if ((this.#starts[id + 1] ?? 0) - from !== end - start) return false
    const arena = this.#arena
    for (let at = start, own = from; at < end; at += 1, own += 1) {
      const a = octets[at] ?? 0
      const b = arena[own] ?? 0
      if (a !== b && LOWER[a] !== LOWER[b]) return false
    }
    return true
  }

  #add(
    octets: Uint8Array,
    start: number,
    end: number,
    place: { readonly hash: number; readonly slot: number },
  ): NameId {
    const length = end - start
    if (this.#count >= MAX_NAMES || this.#used + length > MAX_ARENA_BYTES) {
      this.overflow += 1
      return 0
    }
    const id = this.#count
    this.#count += 1
    if (this.#used + length > this.#arena.length)
      this.#arena = grown(this.#arena, new Uint8Array(2 * this.#arena.length))
    if (id + 2 > this.#starts.length) {
      this.#starts = grown(this.#starts, new Int32Array(2 * this.#starts.length))
      this.#hashes = grown(this.#hashes, new Int32Array(2 * this.#hashes.length))
    }
    this.#arena.set(octets.subarray(start, end), this.#used)
    this.#starts[id] = this.#used
    this.#used += length
    this.#starts[id + 1] = this.#used
    this.#hashes[id] = place.hash
    this.#slots[place.slot] = id
    if (2 * this.#count > this.#slots.length) this.#growSlots()
    return id
  }

  #growSlots(): void {
    const slots = new Int32Array(2 * this.#slots.length)
    const mask = slots.length - 1
    for (let id = 1; id < this.#count; id += 1) {
      let slot = (this.#hashes[id] ?? 0) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = id
    }
    this.#slots = slots
  }
}

function grown<Values extends Int32Array | Uint8Array>(from: Values, into: Values): Values {
  into.set(from)
  return into
}
