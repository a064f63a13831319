import { describe, expect, it } from 'vitest'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import type { Fixture, Reply } from '../../../../test/support/dns-world.ts'
import { REPLICAS, smallCluster } from '../../../../test/support/small-cluster.ts'
import type { Diagnosis } from '../../verdict/index.ts'

const REPLICA = REPLICAS['coredns-a']
/** Node3 in the fixture. */
const ASKER = '192.168.0.13'

interface TestRoute {
  readonly destination: string
  readonly type?: string
}

/** The replica on node1 is lost from node3 alone; the routes of one of the two nodes. */
function oneWayLost(
  routes: readonly TestRoute[],
  { node = 'node3', reply = 'unreachable' }: { readonly node?: string; readonly reply?: Reply } = {},
): Fixture {
  const table = routes.map(({ destination, type = 'unicast' }) => ({
    family: 4 as const,
    table: 'main',
    destination,
    type,
  }))
  const addresses = [{ link: 'eth0', address: ASKER, prefixLength: 24, scope: 'global' }]
  return {
    cluster: smallCluster(),
    rules: [(ask) => (ask.to === REPLICA && ask.node === 'node3' && ask.transport !== 'http' ? reply : undefined)],
    kernels: { node1: { first: {} }, node3: { first: { addresses } }, [node]: { first: { addresses, routes: table } } },
  }
}

async function statusOf(fixture: Fixture): Promise<Diagnosis['verdict']> {
  return (await diagnoseFixture(fixture)).verdict
}

describe('lostRoutes()', () => {
  it.each(['blackhole', 'unreachable', 'prohibit'])(
    "finds a %s route of the asker's node, and no other node",
    async (type) => {
      const verdict = await statusOf(oneWayLost([{ destination: 'default' }, { destination: REPLICA, type }]))
      expect(verdict.main).toMatchObject({
        code: 'cross-node-traffic-broken',
        subject: { name: 'node3' },
        summary: 'route-ends',
        values: { type, destination: REPLICA },
      })
      expect(verdict.main?.fix.command).toBe(`ssh node3 'sudo ip route del ${type} ${REPLICA}'`)
      expect(verdict.causes.map(({ code }) => code)).toEqual(['cross-node-traffic-broken'])
      expect(verdict.unexplained).toEqual([])
    },
  )

  it("finds a route of the replica's node that ends what it sends back", async () => {
    const fixture = oneWayLost([{ destination: ASKER, type: 'blackhole' }], { node: 'node1', reply: 'silent' })
    const verdict = await statusOf(fixture)
    expect(verdict.main).toMatchObject({ subject: { name: 'node1' }, values: { address: ASKER } })
  })

  it('finds that no route leads there where that was refused at once', async () => {
    const verdict = await statusOf(oneWayLost([{ destination: '192.168.0.0/24' }]))
    expect(verdict.main).toMatchObject({ summary: 'route-missing', values: { address: REPLICA } })
  })

  it.each([
    [
      'a longer route leads there',
      [{ destination: '10.244.0.0/16', type: 'blackhole' }, { destination: '10.244.1.0/24' }],
    ],
    [
      'the route that ends is for others',
      [{ destination: 'default' }, { destination: '10.244.9.9', type: 'blackhole' }],
    ],
  ])('names no route where %s', async (_title, routes) => {
    const verdict = await statusOf(oneWayLost(routes))
    expect(verdict.causes.map(({ summary }) => summary)).not.toContain('route-ends')
  })

  it('takes silence for no lack of a route: other tables may lead there', async () => {
    const verdict = await statusOf(oneWayLost([{ destination: '192.168.0.0/24' }], { reply: 'silent' }))
    expect(verdict.causes.map(({ summary }) => summary)).not.toContain('route-missing')
  })
})
