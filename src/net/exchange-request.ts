// What is asked of one exchange, whichever transport carries it, and how faults of the network are named.
import { encodeMessage } from '../dns/index.ts'
import type { Message } from '../dns/index.ts'
import type { Endpoint, StrayMessage } from './exchange-result.ts'

/** A network namespace to make sockets in; where none is given they are made in the calling thread's own. */
export interface SocketSpace {
  /** Tells one namespace from another: each has ports of its own. */
  readonly id: string
  /** Runs what makes a socket, synchronously. */
  within<Result>(make: () => Result): Result
  /** Makes a TCP socket without an address; returns its descriptor, which the caller owns. */
  openStream(family: 4 | 6): number
}

export interface ExchangeOptions {
  readonly server: Endpoint
  /** Its id is replaced by an unpredictable one, see `drawId`. */
  readonly message: Message
  /**
   * Sent right behind the message from the same socket, as stub resolvers send A and AAAA (UDP only; ignored over TCP). The result
   * is `response`, with that of the message, when both are answered; its id is drawn as well.
   */
  readonly companion?: Message | undefined
  /** Milliseconds from the call until `timeout`, connecting included. */
  readonly timeoutMs: number
  /** Where to send from; default: the address that the route chooses, and an unpredictable port. */
  readonly source?: { readonly address?: string | undefined; readonly port?: number | undefined } | undefined
  /** Where the sockets are made. */
  readonly space?: SocketSpace | undefined
  /** Draws the message id; default: unpredictable (RFC 5452 §9.2). */
  readonly drawId?: (() => number) | undefined
  /** The message as it shall go out, when it is not what encoding `message` gives; its first two octets are replaced by the id. */
  readonly octets?: Uint8Array | undefined
  /** Hears of stray messages as they come; the result lists the first of them too. */
  readonly onStray?: ((stray: StrayMessage) => void) | undefined
}

/** How many stray messages a result lists: a flood must not fill memory. */
export const MAX_STRAY = 16

/** The octets to send, under the id of `query`. @throws {WireError} @throws {RangeError} as `encodeMessage` */
export function encodeQuery({ octets: given }: ExchangeOptions, query: Message): Uint8Array {
  if (given === undefined) return encodeMessage(query)
  const octets = new Uint8Array(given)
  octets[0] = query.id >>> 8
  octets[1] = query.id & 0xff
  return octets
}

/** Whether an address text is IPv6. */
export function isIpv6(address: string): boolean {
  return address.includes(':')
}

/** Names a system error for a result: who refused, who could not be reached. */
export function classifyFault(error: NodeJS.ErrnoException): 'refused' | 'unreachable' {
  return error.code === 'ECONNREFUSED' ? 'refused' : 'unreachable'
}

/** What an error says to a person, in the operating system's words. */
export function faultDetail(error: NodeJS.ErrnoException): string {
  return (error.code !== undefined && FAULTS[error.code]) || error.message
}

const FAULTS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EAFNOSUPPORT: 'address family not supported',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTDOWN: 'host is down',
  EHOSTUNREACH: 'host unreachable',
  EINVAL: 'invalid argument',
  EMSGSIZE: 'message too long',
  ENETDOWN: 'network is down',
  ENETUNREACH: 'network unreachable',
  EPERM: 'operation not permitted',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'timed out',
}
