// How one transaction lies in the ring of transaction-table.ts: a row of 128 octets, so that looking at one touches two cache lines
// and no more. The same octets are seen as words, halves and octets of a word, and times.

/** Words of a row. */
export const ROW = 32

// Times are Float64: index them with half the row's first word, plus these.
/** Microseconds since the Unix epoch. */
export const FIRST_AT = 0
export const LAST_SEND_AT = 1
export const ANSWERED_AT = 8
export const LAST_RESPONSE_AT = 9

// Words.
export const HASH = 4
/** Id in the upper half, type in the lower. */
export const QUESTION = 5
/** Number of the next older entry in the same bucket. */
export const CHAIN = 6
export const NAME = 7
export const CLIENT = 8
export const SERVER = 9
/** The client's in the upper half, the server's in the lower. */
export const PORTS = 10
/** Places at which queries and responses were seen, one bit for each, 32 told apart. */
export const QUERY_PATHS = 13
export const QUERY_FRAME = 14
export const LAST_QUERY_FRAME = 15
export const ENDPOINT = 20
export const MASQUERADE = 21
/** The endpoint's in the upper half, the masquerade's in the lower. */
export const NAT_PORTS = 22
export const STRANGER = 23
export const CONTENTS = 24
export const RESPONSE_PATHS = 25
export const RESPONSE_FRAME = 26
export const SECOND_FRAME = 27
export const STRANGE_FRAME = 28
/** Microseconds after the first query. */
export const STRANGE_AFTER = 31

// Halves of words: index them with twice the row's first word, plus these.
export const SENDS = 22
export const SENDS_BEFORE = 23
/** The sibling's number less this one's, signed; 0 without. */
export const SIBLING = 24
export const RCODE = 58
export const ANSWERS = 59
export const RESPONSE_BYTES = 60
export const EDNS_SIZE = 61

// Octets: index them with four times the row's first word, plus these.
export const RESPONSES = 50
export const BITS = 51

// Bits of the last one.
export const TCP = 1
export const TRUNCATED = 2
export const CONFLICTING = 4
/** An ICMP error says that a query did not arrive. */
export const REJECTED = 8

/** All rows, in every width. */
export interface Rows {
  readonly words: Int32Array
  readonly times: Float64Array
  readonly halves: Uint16Array
  readonly octets: Uint8Array
}

export function createRows(count: number): Rows {
  const buffer = new ArrayBuffer(4 * ROW * count)
  return {
    words: new Int32Array(buffer),
    times: new Float64Array(buffer),
    halves: new Uint16Array(buffer),
    octets: new Uint8Array(buffer),
  }
}
