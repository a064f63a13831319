// What is known of one client and one server that it asked: exact counts, and the transactions that were out of the ordinary.
import type { AddressId } from '../../capture/index.ts'
import type { Transaction } from '../transactions/transaction.ts'

/** What the same client asked after, or beside, a transaction that went wrong. */
export interface FollowUp {
  readonly number: number
  readonly server: AddressId
  readonly transport: 'tcp' | 'udp'
  readonly isAnswered: boolean
  readonly rcode: number
  readonly responseBytes: number
  readonly isTruncated: boolean
  readonly firstAtMicros: number
  readonly queryFrame: number
  readonly responseFrame: number
  /** Asked at the same time (musl), not because of the silence. */
  readonly isParallel: boolean
}

/** A transaction out of the ordinary: unanswered, resent, truncated, refused, answered twice. */
export interface Incident {
  /** Replaced when the client shows later that it had given up waiting. */
  transaction: Transaction
  /** At most {@link MAX_FOLLOW_UPS}. */
  readonly followUps: FollowUp[]
}

export interface EndpointCounts {
  answered: number
  unanswered: number
  /** Of the first few queries. */
  readonly unansweredFrames: number[]
}

export interface Pair {
  readonly client: AddressId
  readonly server: AddressId
  readonly serverPort: number
  udpAnswered: number
  udpUnanswered: number
  tcpAnswered: number
  tcpUnanswered: number
  unknown: number
  /** Queries that were sent again before a response came. */
  resent: number
  aAnswered: number
  aaaaAnswered: number
  /** Largest response over UDP, octets. */
  largestUdp: number
  /** Transactions with a leg after destination NAT, after source NAT. */
  endpointLegs: number
  masqueradeLegs: number
  readonly endpoints: Map<AddressId, EndpointCounts>
  /** At most {@link MAX_INCIDENTS}. */
  readonly incidents: Incident[]
}

export const MAX_INCIDENTS = 512
export const MAX_FOLLOW_UPS = 4

export function createPair(client: AddressId, server: AddressId, serverPort: number): Pair {
  return {
    client,
    server,
    serverPort,
    udpAnswered: 0,
    udpUnanswered: 0,
    tcpAnswered: 0,
    tcpUnanswered: 0,
    unknown: 0,
    resent: 0,
    aAnswered: 0,
    aaaaAnswered: 0,
    largestUdp: 0,
    endpointLegs: 0,
    masqueradeLegs: 0,
    endpoints: new Map(),
    incidents: [],
  }
}
