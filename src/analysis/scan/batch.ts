// What a scanner of frames hands to the analysis: records of 64 octets in shared memory, and the octets of what is not ordinary.
// A record is the header of its kind and then words:
//   every kind  KIND | NUMBER of the frame | AT (Float64, microseconds since the Unix epoch)
//   raw         a whole frame for the analysis to decode: START and END of its octets, WIRE_BYTES, LINK_TYPE, INTERFACE, DIRECTION
//   query, response  a DNS message in one UDP datagram: addresses and name by the scanner's numbers, header and question
//   address, name    what one of the scanner's numbers stands for; comes before the first record that uses it

/** Words of a record. */
export const RECORD = 16

export const RAW = 0
export const QUERY = 1
export const RESPONSE = 2
export const ADDRESS = 3
export const NAME = 4
/** Added to QUERY and RESPONSE: the link type does not tell interfaces apart. */
export const COARSE_PATH = 8

export const KIND = 0
export const NUMBER = 1
/** Index it with half the record's first word, in `times`. */
export const AT = 1

export const START = 4
export const END = 5
export const WIRE_BYTES = 6
export const LINK_TYPE = 7
export const INTERFACE = 8
export const DIRECTION = 9

export const SOURCE = 4
export const DESTINATION = 5
/** The source's in the upper half. */
export const PORTS = 6
/** As path-table.ts takes it. */
export const PLACE = 7
export const MESSAGE_BYTES = 8
/** Id in the upper half, type in the lower. */
export const QUESTION = 9
/** The header's second pair of octets in the upper half, the whole rcode in the lower. */
export const BITS = 10
/** Count of answers in the upper half, UDP payload size in the lower. */
export const ANSWERS = 11
export const CONTENTS = 12
export const HASH = 13
export const NAME_ID = 14

/** What a definition defines. */
export const DEFINED = 4
/** Of an address: 1 for IPv6; then its four words. Of a name: where its packed words begin, and its length in octets. */
export const IS_V6 = 5
export const ADDRESS_WORDS = 6
export const NAME_START = 5
export const NAME_LENGTH = 6

const RECORDS = 8192
const OCTETS = 1 << 20
/** Count of records, Float64 sum of octets on the wire of all frames but raw ones. */
const HEADER = 16

/** Records and octets of some thousand frames. */
export class Batch {
  readonly memory: SharedArrayBuffer
  readonly words: Int32Array
  readonly times: Float64Array
  /** Octets of raw frames and, in words of four, packed names. */
  readonly octets: Uint8Array
  readonly packed: Int32Array
  readonly #counts: Int32Array
  readonly #sums: Float64Array

  /** @param memory of a batch that another thread made */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEADER + 4 * RECORD * RECORDS + OCTETS)) {
    this.memory = memory
    this.#counts = new Int32Array(memory, 0, 1)
    this.#sums = new Float64Array(memory, 8, 1)
    this.words = new Int32Array(memory, HEADER, RECORD * RECORDS)
    this.times = new Float64Array(memory, HEADER, (RECORD * RECORDS) / 2)
    this.octets = new Uint8Array(memory, HEADER + 4 * RECORD * RECORDS, OCTETS)
    this.packed = new Int32Array(memory, HEADER + 4 * RECORD * RECORDS, OCTETS / 4)
  }

  /** Records that are filled in. */
  get count(): number {
    return this.#counts[0] ?? 0
  }

  set count(count: number) {
    this.#counts[0] = count
  }

  /** Octets that the frames of queries and responses had on the wire. */
  get wireBytes(): number {
    return this.#sums[0] ?? 0
  }

  set wireBytes(bytes: number) {
    this.#sums[0] = bytes
  }

  /** Whether there is room for one more frame with its definitions. */
  hasRoom(usedRecords: number, usedOctets: number, frameBytes: number): boolean {
    return usedRecords + 4 <= RECORDS && usedOctets + Math.max(frameBytes, 256) <= OCTETS
  }
}
