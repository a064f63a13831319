// Pairs of client and server as small numbers. Hot path: what is counted of ordinary transactions lies in rows of one typed array, so
// that counting touches one cache line; everything else of a pair is a plain object.
import type { AddressId } from '../../capture/index.ts'
import { createPair } from './pair.ts'
import type { Pair } from './pair.ts'

const MAX_PAIRS = 16_384
/** A power of two. */
const CACHED = 1 << 13
/** Words of a place in the cache: client, server, number of the pair, nothing. */
const PLACE = 4

/** Words of a row of {@link PairTable.rows}. */
export const PAIR_ROW = 8
export const UDP_ANSWERED = 0
export const TCP_ANSWERED = 1
export const A_ANSWERED = 2
export const AAAA_ANSWERED = 3
/** Octets of the largest response over UDP. */
export const LARGEST_UDP = 4
/** 0 for all pairs beyond the limit, which share one row. */
export const PAIR_CLIENT = 5

/** Numbers pairs from 0. */
export class PairTable {
  /** By number. {@link settle} writes what the rows counted into them. */
  readonly pairs: Pair[] = []
  readonly #numbers = new Map<number, number>()
  #rows: Int32Array = new Int32Array(PAIR_ROW * 256)
  /** A cache in front of the map, each pair at one place only. */
  readonly #cached: Int32Array = new Int32Array(PLACE * CACHED).fill(-1)

  /** {@link PAIR_ROW} words for each pair; replaced when there are more pairs. */
  get rows(): Int32Array {
    return this.#rows
  }

  /** The number of a pair. @param serverPort of the first query */
  numberOf(client: AddressId, server: AddressId, serverPort: number): number {
    const cached = this.#cached
    const place = placeOf(client, server)
    if (cached[place] === client && cached[place + 1] === server) return cached[place + 2] ?? 0
    const number = this.#numberOf(client, server, serverPort)
    cached[place] = client
    cached[place + 1] = server
    cached[place + 2] = number
    return number
  }

  /** What {@link numberOf} will touch; means nothing. */
  touch(client: AddressId, server: AddressId): number {
    const place = placeOf(client, server)
    return this.#rows[(this.#cached[place + 2] ?? 0) * PAIR_ROW] ?? 0
  }

  /** Undefined for one that was not seen, or is beyond the limit. */
  find(client: AddressId, server: AddressId): Pair | undefined {
    const number = this.#numbers.get(keyOf(client, server))
    return number === undefined ? undefined : this.pairs[number]
  }

  /** Writes the counters of the rows into the pairs. */
  settle(): void {
    this.pairs.forEach((pair, number) => {
      const at = number * PAIR_ROW
      pair.udpAnswered = this.#rows[at + UDP_ANSWERED] ?? 0
      pair.tcpAnswered = this.#rows[at + TCP_ANSWERED] ?? 0
      pair.aAnswered = this.#rows[at + A_ANSWERED] ?? 0
      pair.aaaaAnswered = this.#rows[at + AAAA_ANSWERED] ?? 0
      pair.largestUdp = this.#rows[at + LARGEST_UDP] ?? 0
    })
  }

  #numberOf(client: AddressId, server: AddressId, serverPort: number): number {
    const isFull = this.pairs.length >= MAX_PAIRS
    const key = keyOf(client, server)
    const known = this.#numbers.get(key) ?? (isFull ? this.#numbers.get(0) : undefined)
    if (known !== undefined) return known
    const pair = isFull ? createPair(0, 0, 0) : createPair(client, server, serverPort)
    const number = this.pairs.push(pair) - 1
    this.#numbers.set(isFull ? 0 : key, number)
    if (PAIR_ROW * (number + 1) > this.#rows.length) {
      const rows = new Int32Array(2 * this.#rows.length)
      rows.set(this.#rows)
      this.#rows = rows
    }
    this.#rows[number * PAIR_ROW + PAIR_CLIENT] = pair.client
    return number
  }
}

function keyOf(client: AddressId, server: AddressId): number {
  return client * 1_048_576 + server
}

function placeOf(client: AddressId, server: AddressId): number {
  const mixed = Math.imul(client, 0x9e3779b1) ^ Math.imul(server, 0x85ebca6b)
  return PLACE * ((mixed ^ (mixed >>> 15)) & (CACHED - 1))
}
