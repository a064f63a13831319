// IP addresses as small numbers, so that the rest of the path compares integers. Hot path: open addressing in typed arrays.
import { formatIpv4, formatIpv6 } from '../../dns/index.ts'

/** Number of an address; 0 stands for every address beyond the table's limit. */
export type AddressId = number

const MAX_ADDRESSES = 1 << 19

/** Gives each address a number, from 1. */
export class AddressTable {
  /** Four words of 32 bits for each address; IPv4 uses the last. */
  #words: Int32Array = new Int32Array(4 * 256)
  #isV6: Uint8Array = new Uint8Array(256)
  #slots: Int32Array = new Int32Array(1024)
  #count = 1
  readonly #texts: string[] = []

  /** How many numbers were given out, the 0 included. */
  get size(): number {
    return this.#count
  }

  /** The number of the IPv4 address at an offset. */
  idOfV4(octets: Uint8Array, at: number): AddressId {
    return this.idOfWords(0, 0, 0, wordAt(octets, at), 0)
  }

  /** The number of the IPv6 address at an offset. */
  idOfV6(octets: Uint8Array, at: number): AddressId {
    return this.idOfWords(
      wordAt(octets, at),
      wordAt(octets, at + 4),
      wordAt(octets, at + 8),
      wordAt(octets, at + 12),
      1,
    )
  }

  /** The address in text; `?` for 0. */
  format(id: AddressId): string {
    const known = this.#texts[id]
    if (known !== undefined) return known
    if (id === 0) return '?'
    const octets = new Uint8Array(16)
    const view = new DataView(octets.buffer)
    for (let word = 0; word < 4; word += 1) view.setInt32(4 * word, this.#words[4 * id + word] ?? 0)
    const text = this.#isV6[id] === 1 ? formatIpv6(octets) : formatIpv4(octets, 12)
    this.#texts[id] = text
    return text
  }

  isV6(id: AddressId): boolean {
    return this.#isV6[id] === 1
  }

  /** One of the four words of an address, the first is 0; IPv4 has only the last. */
  wordOf(id: AddressId, word: number): number {
    return this.#words[4 * id + word] ?? 0
  }

  /** The number of an address of four signed words. @param isV6 1 for IPv6, else 0 */
  // oxlint-disable-next-line max-params -- hot path: no object for four words
  idOfWords(a: number, b: number, c: number, d: number, isV6: number): AddressId {
    const mask = this.#slots.length - 1
    let slot = hashOf(a ^ Math.imul(b, 31) ^ Math.imul(c, 961), d) & mask
    const words = this.#words
    for (;;) {
      const id = this.#slots[slot] ?? 0
      if (id === 0) break
      const at = 4 * id
      if (
        words[at + 3] === d &&
        words[at + 2] === c &&
        words[at + 1] === b &&
        words[at] === a &&
        this.#isV6[id] === isV6
      ) {
        return id
      }
      slot = (slot + 1) & mask
    }
    if (this.#count >= MAX_ADDRESSES) return 0
    const id = this.#count
    this.#count += 1
    if (id >= this.#isV6.length) this.#growAddresses()
    this.#words[4 * id] = a
    this.#words[4 * id + 1] = b
    this.#words[4 * id + 2] = c
    this.#words[4 * id + 3] = d
    this.#isV6[id] = isV6
    this.#slots[slot] = id
    if (2 * this.#count > this.#slots.length) this.#growSlots()
    return id
  }

  #growAddresses(): void {
    const words = new Int32Array(2 * this.#words.length)
    words.set(this.#words)
    this.#words = words
    const isV6 = new Uint8Array(2 * this.#isV6.length)
    isV6.set(this.#isV6)
    this.#isV6 = isV6
  }

  #growSlots(): void {
    const slots = new Int32Array(2 * this.#slots.length)
    const mask = slots.length - 1
    const words = this.#words
    for (let id = 1; id < this.#count; id += 1) {
      const at = 4 * id
      const mixed = (words[at] ?? 0) ^ Math.imul(words[at + 1] ?? 0, 31) ^ Math.imul(words[at + 2] ?? 0, 961)
      let slot = hashOf(mixed, words[at + 3] ?? 0) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = id
    }
    this.#slots = slots
  }
}

function hashOf(upper: number, lower: number): number {
  let hash = Math.imul(upper, 0x85ebca6b) ^ Math.imul(lower, 0x9e3779b1)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

function wordAt(octets: Uint8Array, at: number): number {
  return (
    ((octets[at] ?? 0) << 24) | ((octets[at + 1] ?? 0) << 16) | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0)
  )
}
