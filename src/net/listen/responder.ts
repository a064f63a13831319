// What a listener asks of the server: octets in, octets out. Listeners know sockets and framing, nothing of DNS.
import type { Eventual } from '../../base/index.ts'
import type { Endpoint } from '../exchange-result.ts'

/** Who asks, where, and how. */
export interface Peer {
  readonly client: Endpoint
  /** The address the query came to; of a wildcard UDP socket the wildcard itself. */
  readonly local: Endpoint
  readonly transport: 'https' | 'tcp' | 'tls' | 'udp'
}

/**
 * Answers one query; undefined means silence.
 *
 * The octets are only valid during the call: a responder that needs them later copies them. It must not throw, nor reject.
 */
export interface Responder {
  (query: Uint8Array, peer: Peer): Uint8Array | undefined | Eventual<Uint8Array | undefined>
  /** Asked first by listeners that can: what it answers needs no object for the query. */
  readonly inPlace?: InPlaceResponder | undefined
}

/**
 * Answers some queries from memory to memory. Hot path: positional arguments, words instead of octets.
 *
 * A listener calls `begin`, then `answer` for each query that is there, then `end`.
 */
export interface InPlaceResponder {
  begin(): void
  /**
   * @param query words of 32 bits in this machine's order; the message begins at word `queryWord`, and the octets after
   *   its `bytes` up to the next word may be overwritten
   * @param response as many words as a message of {@link IN_PLACE_BYTES} octets takes, from word `responseWord` on
   * @param responseOctets the same memory as octets
   * @param via the transport and the client's family: see {@link viaOf}
   * @param client the client's socket address without its first word (family and port): five words from `clientWord` on
   * @returns octets written; 0 when the responder itself is to be asked, -1 when somebody else answers
   */
  answer(
    query: Int32Array,
    queryWord: number,
    bytes: number,
    response: Int32Array,
    responseOctets: Uint8Array,
    responseWord: number,
    via: number,
    client: Int32Array,
    clientWord: number,
  ): number
  end(): void
}

/** A responder does not fail, by its contract. */
export const NEVER_FAILS = (): void => {}

/** The longest response that is written in place, in octets. */
export const IN_PLACE_BYTES = 4096

/** Numbers the ways that queries come in, 0 to 5: UDP, TCP and TLS, each for IPv4 and IPv6. */
export function viaOf(transport: Exclude<Peer['transport'], 'https'>, isIpv6: boolean): number {
  return (transport === 'udp' ? 0 : transport === 'tcp' ? 2 : 4) + (isIpv6 ? 1 : 0)
}

/** A listener of any transport. */
export interface Listener {
  /** Where it listens; the port is the real one. */
  readonly local: Endpoint
  /** Hands the sockets to another responder, between two queries: nothing is lost, nothing is closed. */
  setResponder(responder: Responder): void
  /** Takes no new connections and queries; connections end once their answers are out, after `graceMs` in any case. */
  close(graceMs: number): Promise<void>
}
