// One local UDP port that speaks to one upstream: octets out, octets in. What they mean is for `UdpSocket` to know.
import type { Endpoint } from '../exchange-result.ts'

export interface UdpPortOptions {
  readonly connectTo: Endpoint
  readonly sourceAddress?: string | undefined
  /** Octets that came from the upstream, to be read during the call only; `isCut` when there were more. */
  readonly received: (octets: Uint8Array, isCut: boolean) => void
  /** The port cannot be used any more; never called before it was returned. */
  readonly failed: (error: unknown, during: 'dial' | 'read' | 'write') => void
}

export interface UdpPort {
  /** Undefined while it is not known. */
  local(): Endpoint | undefined
  /** Sends a copy, at the end of the turn at the latest. */
  send(octets: Uint8Array): void
  close(): void
}

/** The longest query that every kind of port sends, in octets. */
export const MAX_QUERY_OCTETS = 4096
