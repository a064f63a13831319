// Domain names as small numbers. Names are compared without regard to case and kept as they first came. Hot path: names are packed
// into words of four octets, so that hashing and comparing take a quarter of the steps; one arena, open addressing.
import { formatName } from './wire-name.ts'

/** Number of a name; 0 stands for every name beyond the table's limits. */
export type NameId = number

/** Numbers that are given out at most. */
export const MAX_NAMES: number = 1 << 18
const MAX_ARENA_WORDS = 6 << 20
/** Words of the longest name (RFC 1035 §2.3.4: 255 octets). */
export const NAME_WORDS = 64
/** Sets the bit that upper and lower case differ in. */
const FOLD = 0x20202020

/** Octet to lower-case octet. Length octets are under 64 and stay as they are. */
const LOWER = Uint8Array.from({ length: 256 }, (_, octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 32 : octet))

/**
 * Packs a name in wire format, without compression and with its final zero, into words from `at` on; the last one is padded with
 * zeros.
 *
 * @returns a hash that names which differ in case only share
 */
// oxlint-disable-next-line max-params -- hot path
export function packName(octets: Uint8Array, start: number, end: number, words: Int32Array, at: number): number {
  let hash = end - start
  let to = at
  let from = start
  const whole = end - 3
  while (from < whole) {
    const word =
      (octets[from] ?? 0) |
      ((octets[from + 1] ?? 0) << 8) |
      ((octets[from + 2] ?? 0) << 16) |
      ((octets[from + 3] ?? 0) << 24)
    words[to] = word
    hash = Math.imul(hash ^ (word | FOLD), 0x9e3779b1)
    hash ^= hash >>> 15
    to += 1
    from += 4
  }
  if (from < end) {
    let word = octets[from] ?? 0
    if (from + 1 < end) word |= (octets[from + 1] ?? 0) << 8
    if (from + 2 < end) word |= (octets[from + 2] ?? 0) << 16
    words[to] = word
    hash = Math.imul(hash ^ (word | FOLD), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash, 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}

/** Words of a slot: hash, and where the name's octets begin in the arena; 0 for none. */
const SLOT = 2

/** Gives each name a number, from 1. */
export class NameTable {
  /**
   * Of each name a word with its number in the upper 24 bits and its length in the lower 8, then its octets: a look touches both. Memory
   * that nobody has written to yet costs nothing, while an array that was outgrown stays for long.
   */
  readonly #arena: Int32Array = new Int32Array(MAX_ARENA_WORDS)
  /** The same memory: the octets of all names. */
  readonly octets: Uint8Array = new Uint8Array(this.#arena.buffer)
  #used = 0
  #count = 1
  /** By number, where the octets begin. */
  readonly #starts: Int32Array = new Int32Array(MAX_NAMES)
  #slots: Int32Array = new Int32Array(SLOT * 2048)
  /** Names that found no place. */
  overflow = 0

  /** How many numbers were given out, the 0 included. */
  get size(): number {
    return this.#count
  }

  /** The number of a name that {@link packName} packed. @param length its octets @param hash what packName returned */
  // oxlint-disable-next-line max-params -- hot path
  idOf(words: Int32Array, at: number, length: number, hash: number): NameId {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = Math.imul(hash, SLOT) & mask
    for (;;) {
      const start = slots[slot + 1] ?? 0
      if (start === 0) break
      if (slots[slot] === hash) {
        const head = this.#arena[start - 1] ?? 0
        if ((head & 255) === length && this.#equals(start, words, at, length)) return head >>> 8
      }
      slot = (slot + SLOT) & mask
    }
    return this.#add(words, at, length, { hash, slot })
  }

  /** The octets of a name, lower case not assured; empty for 0. */
  octetsOf(id: NameId): Uint8Array {
    const start = this.startOf(id)
    return id === 0 ? new Uint8Array(0) : this.octets.subarray(start, start + this.lengthOf(id))
  }

  /** Where a name begins in {@link octets}. */
  startOf(id: NameId): number {
    return 4 * (this.#starts[id] ?? 0)
  }

  /** A name in presentation format with the final dot. */
  format(id: NameId): string {
    return id === 0 ? '(a name that was not kept)' : formatName(this.octetsOf(id))
  }

  /**
   * A hash of a name's first eight octets, whatever their case. Names that begin with a name of more octets share its; 0 for a name of
   * at most eight, whose final zero is among them.
   */
  beginningOf(id: NameId): number {
    if (this.lengthOf(id) <= 8) return 0
    const start = this.#starts[id] ?? 0
    return Math.imul((this.#arena[start] ?? 0) | FOLD, 0x9e3779b1) ^ ((this.#arena[start + 1] ?? 0) | FOLD)
  }

  /** Octets of a name, its final zero included. */
  lengthOf(id: NameId): number {
    return (this.#arena[(this.#starts[id] ?? 0) - 1] ?? 0) & 255
  }

  /** Whether a name's labels are the first labels of a longer one. The root's are not. */
  isBeginningOf(bare: NameId, longer: NameId): boolean {
    const length = this.lengthOf(bare) - 1
    if (length <= 0 || this.lengthOf(longer) <= length + 1) return false
    const arena = this.#arena
    let one = this.#starts[bare] ?? 0
    let other = this.#starts[longer] ?? 0
    let left = length
    for (; left >= 4; left -= 4) {
      if (!isSameWord(arena[one] ?? 0, arena[other] ?? 0)) return false
      one += 1
      other += 1
    }
    const keep = (1 << (8 * left)) - 1
    return isSameWord((arena[one] ?? 0) & keep, (arena[other] ?? 0) & keep)
  }

  // oxlint-disable-next-line max-params -- hot path
  #equals(start: number, words: Int32Array, at: number, length: number): boolean {
    const arena = this.#arena
    const count = (length + 3) >> 2
    for (let index = 0; index < count; index += 1) {
      const [a, b] = [words[at + index] ?? 0, arena[start + index] ?? 0]
      if (a !== b && !isSameWord(a, b)) return false
    }
    return true
  }

  // oxlint-disable-next-line max-params -- called from the hot path
  #add(words: Int32Array, at: number, length: number, place: { readonly hash: number; readonly slot: number }): NameId {
    const count = (length + 3) >> 2
    const start = this.#used + 1
    if (this.#count >= MAX_NAMES || start + count > MAX_ARENA_WORDS) {
      this.overflow += 1
      return 0
    }
    const id = this.#count
    this.#count += 1
    this.#arena[start - 1] = (id << 8) | length
    for (let index = 0; index < count; index += 1) this.#arena[start + index] = words[at + index] ?? 0
    this.#starts[id] = start
    this.#used = start + count
    this.#slots[place.slot] = place.hash
    this.#slots[place.slot + 1] = start
    if (2 * SLOT * this.#count > this.#slots.length) this.#growSlots()
    return id
  }

  #growSlots(): void {
    const old = this.#slots
    const slots = new Int32Array(2 * old.length)
    const mask = slots.length - 1
    for (let from = 0; from < old.length; from += SLOT) {
      if (old[from + 1] === 0) continue
      let slot = Math.imul(old[from] ?? 0, SLOT) & mask
      while (slots[slot + 1] !== 0) slot = (slot + SLOT) & mask
      slots[slot] = old[from] ?? 0
      slots[slot + 1] = old[from + 1] ?? 0
    }
    this.#slots = slots
  }
}

/** Four octets at once, without regard to case. */
function isSameWord(a: number, b: number): boolean {
  if (a === b) return true
  if ((a | FOLD) !== (b | FOLD)) return false
  for (let shift = 0; shift < 32; shift += 8) {
    if (LOWER[(a >>> shift) & 255] !== LOWER[(b >>> shift) & 255]) return false
  }
  return true
}
