// Stands in for a cache that died: sends the local addresses' queries on to the upstream Service, octet by octet, until it is
// back. Not by DNAT: the nat table is looked at once per connection, so a packet that was sent on to a Service IP there would never
// meet kube-proxy's own rule for that IP, and NOTRACK keeps the local addresses out of that table anyway.
import type { Clock } from '../base/index.ts'
import { decodeMessage } from '../dns/index.ts'
import { exchange } from '../net/index.ts'
import type { Endpoint } from '../net/index.ts'
import { openDatagramListener, openStreamListener } from '../net/listen/index.ts'
import type { Listener, Responder } from '../net/listen/index.ts'

export interface RelayOptions {
  readonly localAddresses: readonly string[]
  readonly port: number
  readonly upstream: Endpoint
  readonly clock: Clock
}

/** An open relay. */
export interface Relay {
  /** Leaves the addresses to who shares them; resolves when what was asked before is answered, or given up. */
  close(graceMs: number): Promise<void>
}

/** Each waits on a socket of its own; what comes beyond that is not answered. */
const MAX_IN_FLIGHT = 2048
/** The patience of a stub resolver is 5 s. */
const TIMEOUT_MS = 4500
const LIMITS = { readTimeoutMs: 3000, writeTimeoutMs: 5000, idleTimeoutMs: 10_000, maxQueries: -1, maxInFlight: 64 }
const MAX_CONNECTIONS = 512

/**
 * Opens the relay at every local address.
 *
 * @throws {ListenError}
 */
export async function openRelay({ localAddresses, port, upstream, clock }: RelayOptions): Promise<Relay> {
  const responder = relayTo(upstream)
  const open: Listener[] = []
  const close = async (graceMs: number): Promise<void> => {
    await Promise.all(open.map((listener) => listener.close(graceMs)))
  }
  try {
    for (const address of localAddresses) {
      open.push(await openDatagramListener({ address, port }, responder, { reusePort: true }))
      const options = { clock, limits: LIMITS, maxConnections: MAX_CONNECTIONS, reusePort: true }
      open.push(await openStreamListener({ address, port }, responder, options))
    }
  } catch (error) {
    await close(0)
    throw error
  }
  return { close }
}

function relayTo(upstream: Endpoint): Responder {
  let inFlight = 0
  return (octets, peer) => {
    if (inFlight >= MAX_IN_FLIGHT) return undefined
    // The receive buffer is the listener's; the query outlives this call.
    const asked = Uint8Array.from(octets)
    inFlight += 1
    return ask(asked, peer.transport === 'udp' ? 'udp' : 'tcp').finally(() => {
      inFlight -= 1
    })
  }

  async function ask(octets: Uint8Array, transport: 'tcp' | 'udp'): Promise<Uint8Array | undefined> {
    try {
      const message = decodeMessage(octets)
      if (message.flags.qr) return undefined
      const result = await exchange({ server: upstream, transport, message, octets, timeoutMs: TIMEOUT_MS })
      if (result.kind !== 'response') return undefined
      const response = Uint8Array.from(result.octets)
      response.set(octets.subarray(0, 2))
      return response
    } catch {
      // Not a DNS message: nothing to send on.
      return undefined
    }
  }
}
