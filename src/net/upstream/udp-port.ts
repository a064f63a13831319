// One local UDP port that speaks to one upstream: octets out, octets in. What they mean is for `UdpSocket` to know.
import { isLibc, libc } from '../../sys/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import { openBatchPort } from './batch-port.ts'
import { openDgramPort } from './dgram-port.ts'

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

/** How datagrams pass: many with one system call, or one by one through Node. */
export type UdpPath = 'batches' | 'dgram'

/** Opens a connected port of the system's choice: it hears its upstream only, and hears at once when nobody listens there. */
export function openUdpPort(options: UdpPortOptions, path: UdpPath = defaultPath()): UdpPort {
  const found = libc()
  return path === 'batches' && isLibc(found) ? openBatchPort(found, options) : openDgramPort(options)
}

/** The same switch as the listeners'. */
function defaultPath(): UdpPath {
  return process.env['FATHOM_UDP'] === 'dgram' ? 'dgram' : 'batches'
}
