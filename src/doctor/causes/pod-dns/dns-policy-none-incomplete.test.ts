import { describe, expect, it } from 'vitest'
import { fromPod, nodes, withPod } from '../../../../test/support/causes/pod-dns.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import { DNS_IP } from '../../../../test/support/small-cluster.ts'

describe('dns-policy-none-incomplete', () => {
  it('explains a short name that fails for want of search domains, and says which name was meant', async () => {
    const { verdict } = await diagnoseFixture({
      cluster: withPod({ dnsPolicy: 'None', dnsConfig: { nameservers: [DNS_IP] } }),
      name: 'db.db',
      searches: [],
      rules: [({ name, transport }) => (name === 'db.db.' && transport !== 'http' ? { rcode: 'NXDOMAIN' } : undefined)],
      origins: [...nodes(), fromPod('shop', 'web', 'node2')],
    })
    expect(verdict.main?.code).toBe('dns-policy-none-incomplete')
    expect(verdict.main?.evidence).toContainEqual({
      basis: 'computed',
      key: 'meant',
      values: { given: 'db.db', name: 'db.db.svc.cluster.local.' },
    })
  })
})
