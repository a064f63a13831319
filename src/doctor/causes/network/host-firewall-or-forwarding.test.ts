import { describe, expect, it } from 'vitest'
import { dropping, iptables } from '../../../../test/support/causes/kernels.ts'
import { tcpNotForwarded } from '../../../../test/support/causes/network.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import type { Fixture } from '../../../../test/support/dns-world.ts'
import { smallCluster } from '../../../../test/support/small-cluster.ts'
import type { Diagnosis } from '../../verdict/index.ts'

describe('hostFirewallOrForwarding over TCP', () => {
  it('is proven by a rule of the node that held TCP back, and names the replica', async () => {
    const { verdict } = await diagnoseFixture(firewalled('-A FORWARD -p tcp -m tcp --dport 53 -j DROP'))
    expect(verdict.main).toMatchObject({
      code: 'host-firewall-or-forwarding',
      subject: { kind: 'node', name: 'node1' },
      values: { servers: ['kube-system/coredns-a'], count: 2 },
    })
    expect(verdict.unexplained).toEqual([])
  })

  it.each(['-A INPUT -p tcp -m tcp --dport 53 -j DROP', '-A FORWARD -p tcp -m tcp --dport 6443 -j DROP'])(
    'is not proven by %s, and excluded neither',
    async (rule) => {
      const diagnosis = await diagnoseFixture(firewalled(rule))
      expect(statusOf(diagnosis)).toBe('suspected')
    },
  )

  it('is excluded only where what nodes have to forward arrives', async () => {
    const kernels = { node1: { first: { iptables: [iptables('nft', { total: 40 })] } } }
    expect(statusOf(await diagnoseFixture({ cluster: smallCluster(), kernels }))).toBe('excluded')
    const rules: Fixture['rules'] = [
      ({ node, to, transport }) =>
        node === 'node3' && to === '10.244.1.2' && transport === 'tcp' ? 'silent' : undefined,
    ]
    expect(statusOf(await diagnoseFixture({ cluster: smallCluster(), kernels, rules }))).toBe('not-checked')
  })
})

function statusOf({ verdict }: Diagnosis): string | undefined {
  const isOwn = ({ code }: { readonly code: string }): boolean => code === 'host-firewall-or-forwarding'
  if (verdict.excluded.some(isOwn)) return 'excluded'
  if (verdict.notChecked.some(isOwn)) return 'not-checked'
  return verdict.causes.find(isOwn)?.status
}

function firewalled(rule: string): Fixture {
  const counted = (packets: number): { iptables: ReturnType<typeof iptables>[] } => ({
    iptables: [iptables('nft', { total: 40, rules: [dropping('filter', rule, packets)] })],
  })
  return {
    cluster: smallCluster(),
    rules: [tcpNotForwarded('node1')],
    kernels: { node1: { first: counted(3), second: counted(11) } },
  }
}
