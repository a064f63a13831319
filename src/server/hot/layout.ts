// How kept answers lie in memory, for the thread that keeps them (hot-table.ts) and those that only give them (hot-reader.ts).
// Words of 32 bits; little-endian machines only.
//
// A query's key is all of it but the id: word 0 without its lower half, then the other words, the last one filled with zeros.
// One entry, in words, at an even index; those marked * change while other threads read, by the rules of `VERSION`:
//    0 hash            1 key bytes | via << 16 *   2 response bytes *   3 number of the entry
//    4-5 due * (float64) 6 the stamp's value *     7 hits of the keeping thread
//    8 duration group * 9 shuffle of the answer * 10 shuffle of the additional section *
//   11 room for the response in words             12 version *         13 the stamp's slot *, 0 if other threads cannot see it
//   14 the client's address (5 words, where it matters), the key, the response *

export const HASH = 0
export const KEY = 1
export const RESPONSE_BYTES = 2
export const NUMBER = 3
/** Monotonic milliseconds of the keeping thread. */
export const DUE = 4
export const STAMP = 6
export const HITS = 7
export const GROUP = 8
export const SHUFFLE_ANSWER = 9
export const SHUFFLE_ADDITIONAL = 10
export const ROOM = 11
/**
 * Odd while the entry is being changed, another one afterwards. What a reader took between two looks at the same even
 * version is one state of the entry. All accesses are atomic: that is what orders them.
 */
export const VERSION = 12
export const SLOT = 13
export const HEADER_WORDS = 14
/** Of a socket address: all but its first word, which holds family and port. */
export const CLIENT_WORDS = 5

/** Bounds, so that no client can make the server grow. */
export const MAX_ENTRIES: number = 1 << 16
export const MAX_WORDS: number = 1 << 22
/** Longer queries and responses are rare, and not worth keeping. */
export const MAX_QUERY_BYTES = 320
export const MAX_RESPONSE_BYTES = 2048

// --- The words beside the entries ---

/** Odd while all entries are being dropped and when the table is closed, another one afterwards. */
export const EPOCH = 0
/** Stamps of what stands in front of the entries: their number, the sum of their values, then their slots. */
export const STAMP_COUNT = 1
export const STAMP_SUM = 2
export const STAMP_SLOTS = 3
export const MAX_STAMPS = 13
export const CONTROL_WORDS = 16

/** What other threads need to give the answers of a table. */
export interface HotMemory {
  readonly control: Int32Array
  /** The entries. */
  readonly words: Int32Array
  /** Open addressing by hash: first word of an entry, or 0. */
  readonly slots: Int32Array
  /** 0, or {@link CLIENT_WORDS} where answers depend on the client. */
  readonly clientWords: number
  readonly seed: number
}

/** Hashes a query, which must be followed by octets that may be overwritten up to the next word. */
export function hashQuery(
  { seed, clientWords }: Pick<HotMemory, 'clientWords' | 'seed'>,
  words: Int32Array,
  at: number,
  bytes: number,
  via: number,
  client: Int32Array,
  clientAt: number,
): number {
  const last = at + ((bytes - 1) >> 2)
  const rest = bytes & 3
  if (rest !== 0) words[last] = (words[last] ?? 0) & ((1 << (rest << 3)) - 1)
  let hash = seed ^ Math.imul((bytes << 3) | via, 0x9e3779b1)
  hash = mix(hash, (words[at] ?? 0) >>> 16)
  for (let index = at + 1; index <= last; index += 1) hash = mix(hash, words[index] ?? 0)
  for (let index = 0; index < clientWords; index += 1) hash = mix(hash, client[clientAt + index] ?? 0)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}
