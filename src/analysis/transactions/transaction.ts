// A transaction: one question that one client asked one server, with everything that was seen of it anywhere. The plain value
// that reports and patterns work with; while packets come, transaction-table.ts holds the same in typed arrays.
import type { AddressId } from '../../capture/index.ts'
import type { NameId } from '../messages/name-table.ts'

export type TransactionState =
  /** A response came. */
  | 'answered'
  /** None came although there was time, or the client asked again, or an ICMP error says that the query did not arrive. */
  | 'unanswered'
  /** The capture ended too early to tell. */
  | 'unknown'

export interface Transaction {
  /** In the order of first queries, from 1. */
  readonly number: number
  readonly state: TransactionState
  readonly transport: 'tcp' | 'udp'
  readonly client: AddressId
  readonly clientPort: number
  readonly server: AddressId
  readonly serverPort: number
  /** Server after destination NAT (DNAT), such as the pod behind a Service IP; 0 when no such leg was seen. */
  readonly endpoint: AddressId
  /** Client after source NAT (masquerade); 0 when no such leg was seen. */
  readonly masqueradedClient: AddressId
  readonly id: number
  readonly name: NameId
  readonly type: number
  readonly firstAtMicros: number
  readonly lastSendAtMicros: number
  readonly answeredAtMicros: number
  readonly queryFrame: number
  readonly lastQueryFrame: number
  /** 0 without. */
  readonly responseFrame: number
  /** Queries of the client, copies not counted. */
  readonly sends: number
  /** Responses, copies not counted. */
  readonly responses: number
  /** Number of sends when the first response came. */
  readonly sendsBeforeResponse: number
  readonly rcode: number
  readonly isTruncated: boolean
  readonly answers: number
  readonly responseBytes: number
  /** UDP payload size of the query's OPT record; 0 without. */
  readonly ednsSize: number
  /** Two responses to one query said different things. */
  readonly isConflicting: boolean
  readonly secondResponseFrame: number
  /** An ICMP error says that a query did not arrive. */
  readonly isRejected: boolean
  /** Where a response came from that was not asked; 0 for none. */
  readonly strangeSource: AddressId
  readonly strangeFrame: number
  /** The same question, asked from the same socket at nearly the same time for another type: A and AAAA. */
  readonly sibling: Sibling | undefined
}

/** What is known of a sibling when a transaction is looked at. */
export interface Sibling {
  readonly number: number
  readonly type: number
  readonly isAnswered: boolean
  /** Sends until the first response; glibc sends both of a pair again when one is lost. */
  readonly sendsBeforeResponse: number
  readonly queryFrame: number
  readonly responseFrame: number
}

/** Milliseconds from first query to first response. */
export function latencyMs({ firstAtMicros, answeredAtMicros }: Transaction): number {
  return Math.max(0, answeredAtMicros - firstAtMicros) / 1000
}
