// What became of one DNS question sent to one server: a value for every outcome a network can give.
import type { Message } from '../dns/message.ts'

export type Transport = 'tcp' | 'udp'

export interface Endpoint {
  /** IPv4 or IPv6 text, without brackets. */
  readonly address: string
  readonly port: number
}

/** A datagram or TCP message that came but was not the response: shown to the user, never taken for it. */
export interface StrayMessage {
  readonly from: Endpoint
  readonly why: 'malformed' | 'not-a-response' | 'other-address' | 'other-id' | 'other-question'
  readonly octets: Uint8Array
  /** Why it could not be decoded, when malformed. */
  readonly detail?: string
}

export type ExchangeResult =
  | {
      readonly kind: 'response'
      readonly message: Message
      readonly octets: Uint8Array
      readonly rttMs: number
      readonly transport: Transport
      readonly stray: readonly StrayMessage[]
    }
  | {
      readonly kind: 'timeout'
      readonly afterMs: number
      readonly transport: Transport
      /** TCP: a connection was made, so that it was not the way that kept the response. */
      readonly connected?: true
      readonly stray: readonly StrayMessage[]
      /** How many of a message and its companion were answered; only where there was one. */
      readonly answered?: 'none' | 'one'
    }
  /** Nobody listens: ICMP port unreachable, or RST. */
  | { readonly kind: 'refused'; readonly afterMs: number; readonly transport: Transport; readonly detail: string }
  /** No route, host or network unreachable, administratively prohibited, connection closed without a response. */
  | {
      readonly kind: 'unreachable' | 'closed'
      readonly afterMs: number
      readonly transport: Transport
      readonly detail: string
    }
