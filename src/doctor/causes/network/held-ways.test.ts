import { describe, expect, it } from 'vitest'
import { dropping, iptables } from '../../../../test/support/causes/kernels.ts'
import { diagnoseFixture, silence } from '../../../../test/support/dns-world.ts'
import type { Fixture } from '../../../../test/support/dns-world.ts'
import { REPLICAS, smallCluster } from '../../../../test/support/small-cluster.ts'
import type { Finding } from '../../verdict/index.ts'

const REPLICA = REPLICAS['coredns-a']
/** An address of node3 beside the one that the cluster knows it by. */
const ASKER = '192.168.0.3'

/** The replica on node1 is lost from node3 alone, and a node has a rule that was met meanwhile. */
function oneWayLost(rule: string, { node = 'node1', met = 9 } = {}): Fixture {
  const firewall = (packets: number): { iptables: ReturnType<typeof iptables>[] } => ({
    iptables: [iptables('nft', { total: 40, rules: [dropping('filter', rule, packets)] })],
  })
  const addresses = [{ link: 'eth0', address: ASKER, prefixLength: 24, scope: 'global' }]
  const own = { first: firewall(3), second: firewall(3 + met) }
  return {
    cluster: smallCluster(),
    rules: [silence(REPLICA, (ask) => ask.node === 'node3')],
    kernels: {
      [node]: own,
      node3: { ...(node === 'node3' ? own : {}), first: { ...(node === 'node3' ? own.first : {}), addresses } },
    },
  }
}

async function find(fixture: Fixture): Promise<Finding | undefined> {
  const { verdict } = await diagnoseFixture(fixture)
  return verdict.causes.find(({ code }) => code === 'host-firewall-or-forwarding')
}

describe('judgeHeldWays()', () => {
  it.each([
    ["what the replica's node sends back", `-A FORWARD -s ${REPLICA}/32 -d ${ASKER}/32 -j DROP`, 'node1'],
    ["what comes to the replica's node", `-A FORWARD -s 192.168.0.0/24 -d ${REPLICA}/32 -j REJECT`, 'node1'],
    ["what the asker's node sends", `-A OUTPUT -d ${REPLICA}/32 -j DROP`, 'node3'],
    ["what the asker's node receives", `-A INPUT -s ${REPLICA}/32 -j DROP`, 'node3'],
  ])('proves the one way that a rule covers: %s', async (_title, rule, node) => {
    const finding = await find(oneWayLost(rule, { node }))
    expect(finding).toMatchObject({
      status: 'proven',
      subject: { name: node },
      summary: 'way-held',
      values: { place: 'node3', server: 'kube-system/coredns-a', address: REPLICA },
    })
    expect(finding?.evidence.map(({ key }) => key)).toEqual(['rule', 'way-lost'])
    expect(finding?.fix.command).toContain(`sudo iptables -t filter ${rule.replace('-A ', '-D ')}`)
  })

  it.each([
    ['was not met meanwhile', `-A FORWARD -s ${REPLICA}/32 -d ${ASKER}/32 -j DROP`, { met: 0 }],
    ['is for another asker', `-A FORWARD -s ${REPLICA}/32 -d 192.168.0.4/32 -j DROP`, {}],
    ['is for another port', `-A FORWARD -p udp -m udp -d ${REPLICA}/32 --dport 9153 -j DROP`, {}],
    ['covers one transport of two', `-A FORWARD -p udp -m udp -d ${REPLICA}/32 --dport 53 -j DROP`, {}],
    ['is for a whole network of pods', '-A FORWARD -d 10.244.0.0/16 -j DROP', {}],
    ['names no address', '-A FORWARD -m conntrack --ctstate INVALID -j DROP', {}],
    ['holds back what comes to the node itself', `-A INPUT -s ${ASKER}/32 -j DROP`, {}],
  ])('proves nothing by a rule that %s', async (_title, rule, options) => {
    expect((await find(oneWayLost(rule, options)))?.status).not.toBe('proven')
  })
})
