import { describe, expect, it } from 'vitest'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import type { Rule } from '../../../../test/support/dns-world.ts'
import { setNameservers } from '../../../../test/support/causes/faults.ts'
import { RESOLV_CONF, UPSTREAMS, smallCluster } from '../../../../test/support/small-cluster.ts'

const NODE_CACHE = '169.254.20.10'

describe('probeSuffixes()', () => {
  it('asks the server that pods of the node ask: a search domain that fails only there is found', async () => {
    const cluster = smallCluster()
    setNameservers(cluster, 'node2', UPSTREAMS)
    cluster.files[`node2:${RESOLV_CONF}`] += 'search lan\n'
    const failsAtCache: Rule = ({ to, name, transport }) =>
      to === NODE_CACHE && name.endsWith('.lan.') && transport !== 'http' ? { rcode: 'SERVFAIL' } : undefined
    const { verdict, ladder } = await diagnoseFixture({ cluster, rules: [failsAtCache] })
    const asked = ladder.rungs.filter(({ purpose, result }) => purpose === 'suffix' && result === 'failed')
    expect(new Set(asked.map(({ hop, fromNode }) => `${hop.kind} ${fromNode}`))).toEqual(new Set(['node-cache node2']))
    expect(verdict.main?.code).toBe('search-domain-servfail')
  })
})
