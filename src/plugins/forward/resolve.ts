// Host names among the TOs, looked up once at the start.
import { query, type RRType } from '../../dns/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import { formatEndpoint, type ConnectUpstream, type UpstreamSettings } from '../../net/upstream/index.ts'
import type { PluginEnv } from '../../server/index.ts'
import { readTargets } from './targets.ts'

export interface HostLookup {
  readonly resolvers: readonly Endpoint[]
  readonly connect: ConnectUpstream
  readonly settings: (to: Endpoint) => UpstreamSettings
}

const TIMEOUT_MS = 2000

/**
 * Finds the addresses of a host name, IPv4 first.
 *
 * @throws {Error} `lookup HOST on RESOLVER: …` when no resolver knows any
 */
export async function resolveHost(host: string, lookup: HostLookup): Promise<string[]> {
  let last = 'no resolver'
  for (const resolver of lookup.resolvers) {
    const client = lookup.connect(lookup.settings(resolver))
    try {
      const addresses: string[] = []
      for (const type of ['A', 'AAAA'] as const satisfies readonly RRType[]) {
        const result = await client.exchange(query({ name: host, type }), {
          transport: 'udp',
          readTimeoutMs: TIMEOUT_MS,
          timeoutMs: TIMEOUT_MS,
        })
        const where = `lookup ${host} on ${formatEndpoint(resolver)}`
        if (result.kind === 'response') {
          last = `${where}: ${result.message.rcode === 'NOERROR' ? 'no such host' : result.message.rcode}`
          for (const { rdata } of result.message.answer) {
            if (rdata.type === 'A' || rdata.type === 'AAAA') addresses.push(rdata.address)
          }
        } else {
          last = `${where}: ${result.kind === 'failed' ? result.error.message : 'response to another question'}`
        }
      }
      if (addresses.length > 0) return addresses
    } finally {
      await client.close()
    }
  }
  throw new Error(last)
}

/** The system's resolvers, from /etc/resolv.conf. */
export function systemResolvers(env: Pick<PluginEnv, 'files'>): Endpoint[] {
  const targets = readTargets(['/etc/resolv.conf'], env.files)
  return 'error' in targets ? [] : targets.map(({ host, port }) => ({ address: host, port }))
}
