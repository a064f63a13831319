import { describe, expect, it } from 'vitest'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import type { Rule } from '../../../../test/support/dns-world.ts'
import { REPLICAS, smallCluster } from '../../../../test/support/small-cluster.ts'

/** What a node sends to one replica is lost; the replicas sit on node1 and node2. */
function loses(from: string, to: keyof typeof REPLICAS): Rule {
  return ({ node, to: address, transport }) =>
    node === from && address === REPLICAS[to] && transport !== 'http' ? 'silent' : undefined
}

async function crossNode(rules: readonly Rule[]): Promise<readonly object[]> {
  const { verdict } = await diagnoseFixture({ cluster: smallCluster(), rules })
  return verdict.causes.filter(({ code }) => code === 'cross-node-traffic-broken')
}

describe('nodeMatrix()', () => {
  it('names a node that reaches its own pods only, although others reach those', async () => {
    expect(await crossNode([loses('node1', 'coredns-b')])).toMatchObject([
      { status: 'proven', subject: { name: 'node1' }, summary: 'one-way' },
    ])
  })

  it('does not prove it of a node that has no pod to reach, or reaches others', async () => {
    expect(await crossNode([loses('node3', 'coredns-b')])).toEqual([])
  })
})
