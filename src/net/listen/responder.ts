// What a listener asks of the server: octets in, octets out. Listeners know sockets and framing, nothing of DNS.
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
export type Responder = (query: Uint8Array, peer: Peer) => Uint8Array | undefined | Promise<Uint8Array | undefined>

/** A listener of any transport. */
export interface Listener {
  /** Where it listens; the port is the real one. */
  readonly local: Endpoint
  /** Hands the sockets to another responder, between two queries: nothing is lost, nothing is closed. */
  setResponder(responder: Responder): void
  /** Takes no new connections and queries; connections end once their answers are out, after `graceMs` in any case. */
  close(graceMs: number): Promise<void>
}
