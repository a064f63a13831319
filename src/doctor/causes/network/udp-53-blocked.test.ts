import { describe, expect, it } from 'vitest'
import { dropping, iptables } from '../../../../test/support/causes/kernels.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import type { Fixture, Rule } from '../../../../test/support/dns-world.ts'
import { REPLICAS, smallCluster } from '../../../../test/support/small-cluster.ts'

const LOST: Rule = ({ to, transport }) => (to === REPLICAS['coredns-b'] && transport === 'udp' ? 'silent' : undefined)
const RULE = '-A INPUT -p udp -m udp --dport 53 -j DROP'

function firewall(packets: number): NonNullable<Fixture['kernels']>[string]['first'] {
  return { iptables: [iptables('nft', { total: 60, hasKube: false, rules: [dropping('filter', RULE, packets)] })] }
}

async function blocked(fixture: Partial<Fixture>): Promise<readonly object[]> {
  const { verdict } = await diagnoseFixture({ cluster: smallCluster(), ...fixture })
  expect(verdict.unexplained).toEqual([])
  return verdict.causes.filter(({ code }) => code === 'udp-53-blocked')
}

describe('udp53Blocked', () => {
  it('places what even its own node loses at the replica', async () => {
    expect(await blocked({ rules: [LOST] })).toMatchObject([
      { status: 'proven', subject: { kind: 'pod', name: 'kube-system/coredns-b' }, summary: 'at-server' },
    ])
  })

  it('shows the rule in the namespace of the replica, which goes with the pod', async () => {
    const kernels = { 'kube-system/coredns-b': { first: firewall(3), second: firewall(21) } }
    const [found] = await blocked({ rules: [LOST], kernels })
    expect(found).toMatchObject({ fix: { command: 'kubectl -n kube-system delete pod coredns-b' } })
    expect(JSON.stringify(found)).toContain(RULE)
  })

  it('places what a node loses on the way to every replica at the node', async () => {
    const rules: Rule[] = [({ node, transport }) => (node === 'node2' && transport === 'udp' ? 'silent' : undefined)]
    expect(await blocked({ rules })).toMatchObject([{ status: 'proven', subject: { kind: 'node', name: 'node2' } }])
  })

  it('places what a pod loses and its node does not at the pod', async () => {
    const place = { kind: 'pod', namespace: 'shop', name: 'web-1' } as const
    const origins = [
      { place, node: 'node1' },
      { place: { kind: 'node', name: 'node1' } as const, node: 'node1' },
    ]
    const rules: Rule[] = [({ from, transport }) => (from.kind === 'pod' && transport === 'udp' ? 'silent' : undefined)]
    expect(await blocked({ rules, origins })).toMatchObject([
      { status: 'proven', subject: { kind: 'pod', name: 'shop/web-1' }, summary: 'at-client' },
    ])
  })
})
