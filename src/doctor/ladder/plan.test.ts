import { describe, expect, it } from 'vitest'
import { editCorefile, setNameservers } from '../../../test/support/causes/faults.ts'
import { diagnoseFixture } from '../../../test/support/dns-world.ts'
import { smallCluster } from '../../../test/support/small-cluster.ts'

describe('planLadder()', () => {
  it('asks an upstream that kubelet cuts off a file where a Corefile names it', async () => {
    const fourth = '192.0.2.4'
    const cluster = smallCluster()
    setNameservers(cluster, 'node1', ['192.0.2.1', '192.0.2.2', '192.0.2.3', fourth])
    const resultsOf = async (): Promise<string[]> => {
      const { ladder } = await diagnoseFixture({ cluster })
      const ways = ladder.rungs.filter(({ hop, fromNode }) => hop.name === fourth && fromNode === 'node1')
      return [...new Set(ways.map(({ result }) => result))]
    }
    expect(await resultsOf()).toEqual(['skipped'])
    editCorefile(cluster, (text) => text.replace('forward . /etc/resolv.conf', `forward . ${fourth}`))
    expect(await resultsOf()).toEqual(['ok'])
  })
})
