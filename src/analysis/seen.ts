// What an analysis tells while it reads: messages, segments and errors as they are taken, with the transaction they belong to.
import type { TcpConnection } from '../capture/index.ts'
import type { IcmpMeaning } from './icmp-errors.ts'
import type { ScannedMessage } from './messages/scan-message.ts'
import type { Leg } from './transactions/leg.ts'
import type { Role } from './transactions/transaction-table.ts'
import type { Transaction } from './transactions/transaction.ts'

/** What `--transactions`, `--flow` and the live view want besides figures; all optional, all cost time. */
export interface AnalysisHooks {
  /** Each transaction in the order of first queries, once it is finished. */
  readonly onTransaction?: (transaction: Transaction) => void
  /** Each message with what it was taken for. */
  readonly onMessage?: (message: SeenMessage) => void
  /** Each ICMP error that says that a query did not arrive. */
  readonly onRejection?: (rejection: SeenRejection) => void
  /** Each TCP segment of a DNS connection that was sent again. */
  readonly onResent?: (segment: SeenSegment) => void
  /** The first response to a query, as soon as it is there. */
  readonly onAnswer?: (answer: SeenAnswer) => void
}

export interface SeenRejection {
  /** Of the transaction. */
  readonly number: number
  readonly meaning: IcmpMeaning
  /** The same error at another place, or behind NAT. */
  readonly isCopy: boolean
  readonly frame: number
  readonly atMicros: number
  readonly source: number
  readonly destination: number
  readonly path: number
}

/** Octets of one direction of a TCP connection. */
export interface StreamPart {
  readonly connection: TcpConnection
  readonly isFromClient: boolean
  /** Sequence numbers of its first octet and of the one behind it. */
  readonly startSequence: number
  readonly endSequence: number
}

/** A TCP segment that was sent again. */
export interface SeenSegment extends StreamPart {
  readonly frame: number
  readonly atMicros: number
  readonly source: number
  readonly destination: number
  readonly path: number
}

export interface SeenAnswer {
  /** From the query's first send on. */
  readonly micros: number
  readonly rcode: number
  /** In presentation format. */
  readonly name: () => string
}

/** A DNS message, where and as what it was seen; its octets are valid while the hook runs. */
export interface SeenMessage {
  readonly leg: Leg
  readonly scan: ScannedMessage
  readonly role: Role
  readonly isResponse: boolean
  /** Number of its transaction; 0 for none. */
  readonly number: number
  readonly octets: Uint8Array
  readonly start: number
  readonly end: number
  /** Its octets in a TCP connection, with the length before them; undefined over UDP. */
  readonly stream: StreamPart | undefined
}
