// A row of the ring as a plain value.
import type { Sibling, Transaction, TransactionState } from './transaction.ts'
import * as row from './transaction-row.ts'
import type { Rows } from './transaction-row.ts'

/** What a row does not hold. */
interface Surroundings {
  readonly number: number
  readonly state: TransactionState
  readonly sibling: Sibling | undefined
}

/** @param at the row's first word */
export function readTransaction(rows: Rows, at: number, { number, state, sibling }: Surroundings): Transaction {
  const { words, times, halves, octets } = rows
  const word = (field: number): number => words[at + field] ?? 0
  const frame = (field: number): number => word(field) >>> 0
  const half = (field: number): number => halves[2 * at + field] ?? 0
  const time = (field: number): number => times[at / 2 + field] ?? 0
  const bits = octets[4 * at + row.BITS] ?? 0
  return {
    number,
    state,
    transport: (bits & row.TCP) === 0 ? 'udp' : 'tcp',
    client: word(row.CLIENT),
    clientPort: word(row.PORTS) >>> 16,
    server: word(row.SERVER),
    serverPort: word(row.PORTS) & 0xffff,
    endpoint: word(row.ENDPOINT),
    masqueradedClient: word(row.MASQUERADE),
    id: word(row.QUESTION) >>> 16,
    name: word(row.NAME),
    type: word(row.QUESTION) & 0xffff,
    firstAtMicros: time(row.FIRST_AT),
    lastSendAtMicros: time(row.LAST_SEND_AT),
    answeredAtMicros: time(row.ANSWERED_AT),
    queryFrame: frame(row.QUERY_FRAME),
    lastQueryFrame: frame(row.LAST_QUERY_FRAME),
    responseFrame: frame(row.RESPONSE_FRAME),
    sends: half(row.SENDS),
    responses: octets[4 * at + row.RESPONSES] ?? 0,
    sendsBeforeResponse: half(row.SENDS_BEFORE),
    rcode: half(row.RCODE),
    isTruncated: (bits & row.TRUNCATED) !== 0,
    answers: half(row.ANSWERS),
    responseBytes: half(row.RESPONSE_BYTES),
    ednsSize: half(row.EDNS_SIZE),
    isConflicting: (bits & row.CONFLICTING) !== 0,
    secondResponseFrame: frame(row.SECOND_FRAME),
    isRejected: (bits & row.REJECTED) !== 0,
    strangeSource: word(row.STRANGER),
    strangeFrame: frame(row.STRANGE_FRAME),
    sibling,
  }
}

/** @param at the sibling's first word */
export function readSibling({ words, halves, octets }: Rows, at: number, number: number): Sibling {
  return {
    number,
    type: (words[at + row.QUESTION] ?? 0) & 0xffff,
    isAnswered: octets[4 * at + row.RESPONSES] !== 0,
    sendsBeforeResponse: halves[2 * at + row.SENDS_BEFORE] ?? 0,
    queryFrame: (words[at + row.QUERY_FRAME] ?? 0) >>> 0,
    responseFrame: (words[at + row.RESPONSE_FRAME] ?? 0) >>> 0,
  }
}
