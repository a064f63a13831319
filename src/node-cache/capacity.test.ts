// The cache of NodeLocal DNSCache's manifest, `success 9984 30` and `denial 9984 5`, filled beyond its capacity.
import { describe, expect, it } from 'vitest'
import { startPlugin } from '../../test/support/plugin-rig.ts'
import { rr } from '../../test/support/records.ts'
import { cachePlugin } from '../plugins/cache/index.ts'
import { respond } from '../server/index.ts'
import type { Next } from '../server/index.ts'

const CAPACITY = 9984
const BEYOND = 500
const DIRECTIVE = 'cache {\n success 9984 30\n denial 9984 5\n}'
const SOA = rr('cluster.local. 600 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 600')

/** Names that begin with `no` do not exist. */
const upstream: Next = (request) =>
  request.name.startsWith('no')
    ? respond(request, { by: 'forward', rcode: 'NXDOMAIN', authority: [SOA] })
    : respond(request, { by: 'forward', answer: [rr(`${request.name} 600 IN A 10.1.2.3`)] })

describe('the cache of the node-local manifest', () => {
  it.each([
    { type: 'success', prefix: 'yes', ttl: 30 },
    { type: 'denial', prefix: 'no', ttl: 5 },
  ])('holds 9984 entries of $type for $ttl s', async ({ type, prefix, ttl }) => {
    const rig = startPlugin(cachePlugin, DIRECTIVE, { next: upstream })
    const value = (name: string): number => {
      const line = rig.metric(name).find((series) => !series.includes('type=') || series.includes(`type="${type}"`))
      return Number(line?.split(' ').at(-1))
    }
    for (let index = 0; index < CAPACITY + BEYOND; index += 1) await rig.ask(`${prefix}${index}.cluster.local A`)
    expect(value('coredns_cache_entries')).toBe(CAPACITY)
    expect(value('coredns_cache_evictions_total')).toBe(BEYOND)
    const last = `${prefix}${CAPACITY + BEYOND - 1}.cluster.local A`
    await rig.clock.advance(ttl * 1000 - 1)
    expect(await rig.ask(last)).toMatchObject({ by: 'cache' })
    await rig.clock.advance(1)
    expect(await rig.ask(last)).toMatchObject({ by: 'forward' })
  })
})
