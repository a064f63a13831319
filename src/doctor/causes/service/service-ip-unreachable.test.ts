import { describe, expect, it } from 'vitest'
import { DNS_IP, REPLICAS, smallCluster } from '../../../../test/support/small-cluster.ts'
import { iptables } from '../../../../test/support/causes/kernels.ts'
import { diagnoseFixture, silence } from '../../../../test/support/dns-world.ts'
import type { Finding } from '../../verdict/index.ts'

type Rules = ReturnType<typeof iptables>['rules']

/** The Service IP is silent on node1, whose kube-proxy seems well; what its rules say. */
async function find(rules: Rules): Promise<Finding | undefined> {
  const { verdict } = await diagnoseFixture({
    cluster: smallCluster(),
    rules: [silence(DNS_IP, ({ node }) => node === 'node1')],
    kernels: { node1: { first: { iptables: [iptables('nft', { total: 40, rules })] } } },
  })
  return verdict.causes.find(({ code }) => code === 'service-ip-unreachable')
}

function leadTo(address: string): Rules {
  const rule = { table: 'nat', packets: 0 }
  return [
    { ...rule, chain: 'KUBE-SERVICES', text: '', destination: DNS_IP, target: 'KUBE-SVC-A' },
    { ...rule, chain: 'KUBE-SVC-A', text: '', target: 'KUBE-SEP-A' },
    { ...rule, chain: 'KUBE-SEP-A', text: '', target: 'DNAT', toDestination: `${address}:53` },
  ]
}

describe('service-ip-unreachable', () => {
  it("is proven where the node's rules lack the Service IP", async () => {
    const finding = await find([])
    expect(finding?.status).toBe('proven')
    expect(finding?.evidence.map(({ key }) => key)).toContain('rules-lack')
  })

  it("is proven where the node's rules lead to pods that are gone", async () => {
    const finding = await find(leadTo('10.244.2.99'))
    expect(finding?.status).toBe('proven')
    expect(finding?.evidence.map(({ key }) => key)).toContain('rules-stale')
  })

  it('is suspected where the rules lead to an endpoint', async () => {
    expect((await find(leadTo(REPLICAS['coredns-a'])))?.status).toBe('suspected')
  })
})
