import { describe, expect, it } from 'vitest'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import type { Fixture, Reply } from '../../../../test/support/dns-world.ts'
import { findObject, replace, smallCluster } from '../../../../test/support/small-cluster.ts'
import type { CauseCode } from '../index.ts'

const NAME = 'db.db.svc.cluster.local.'
/** Of a cache that keeps what it has for an hour. */
const LEFT_S = 3590

/** Every server that is asked over and over gives the same answer; in a cache its TTL is less each time. */
function everywhere(reply: (ttl: number) => Reply, { isCached }: { readonly isCached: boolean }): Fixture {
  const cluster = smallCluster()
  replace(findObject(cluster, 'Service', 'db'), 'metadata', { creationTimestamp: '2026-01-01T23:59:45Z' })
  let asked = 0
  return {
    cluster,
    name: NAME,
    rules: [
      ({ name, type, transport }) => {
        if (name === '/metrics' && transport === 'http') return { status: 200, body: METRICS }
        if (name !== NAME || type !== 'A' || transport === 'http') return undefined
        asked += 1
        return reply(isCached ? LEFT_S - asked : LEFT_S)
      },
    ],
  }
}

const METRICS = [
  'coredns_build_info{version="1.11.1"} 1',
  'coredns_cache_hits_total{server="dns://:53",type="denial",zones="."} 3',
  '',
].join('\n')

async function findingOf(
  code: CauseCode,
  fixture: Fixture,
): Promise<{ readonly status: string; readonly keys: readonly string[] } | undefined> {
  const { verdict } = await diagnoseFixture(fixture)
  const found = verdict.causes.find((cause) => cause.code === code)
  return found && { status: found.status, keys: found.evidence.map(({ key }) => key) }
}

describe('stale-negative-cache', () => {
  const denial = (soaTtl: number): Reply => ({ rcode: 'NXDOMAIN', soaTtl })

  it('is proven where every replica denies from its cache and has the name for another type', async () => {
    const found = await findingOf('stale-negative-cache', everywhere(denial, { isCached: true }))
    expect(found).toEqual({ status: 'proven', keys: ['counts-down', 'knows-type', 'age', 'hits'] })
  })

  it('is not proven by a denial that does not count down', async () => {
    const found = await findingOf('stale-negative-cache', everywhere(denial, { isCached: false }))
    expect(found?.status).not.toBe('proven')
  })
})

describe('stale-negative-cache without an SOA record', () => {
  it('is excluded: such a denial has no TTL that could have aged', async () => {
    const denial = (): Reply => ({ rcode: 'NXDOMAIN' })
    expect(await findingOf('stale-negative-cache', everywhere(denial, { isCached: true }))).toBeUndefined()
  })
})

describe('stale-positive-cache', () => {
  const old = (ttl: number): Reply => ({ rcode: 'NOERROR', answers: ['198.51.100.40'], ttl })

  it('is proven by an address nobody has whose TTL counts down, however long it is', async () => {
    const found = await findingOf('stale-positive-cache', everywhere(old, { isCached: true }))
    expect(found).toEqual({ status: 'proven', keys: ['gone', 'counts-down'] })
  })

  it('is suspected where the TTL stays the same', async () => {
    const found = await findingOf('stale-positive-cache', everywhere(old, { isCached: false }))
    expect(found).toEqual({ status: 'suspected', keys: ['gone'] })
  })
})
