import { describe, expect, it } from 'vitest'
import { DNS_IP, REPLICAS, smallCluster } from '../../../../test/support/small-cluster.ts'
import { iptables } from '../../../../test/support/causes/kernels.ts'
import { diagnoseFixture, silence } from '../../../../test/support/dns-world.ts'
import type { Fixture, Rule } from '../../../../test/support/dns-world.ts'
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

  it.each([
    ['another address', '10.244.2.99:53'],
    ['another port of an endpoint', `${REPLICAS['coredns-a']}:5353`],
  ])('is proven over UDP alone where its rules lead to %s, and shows the rule', async (_title, to) => {
    const finding = await findOverUdp([...udpRules(to)])
    expect(finding).toMatchObject({
      status: 'proven',
      summary: 'fallen-behind',
      values: { nodes: ['node1'], transports: ['UDP'] },
    })
    expect(finding?.evidence.find(({ key }) => key === 'rule')?.values['rule']).toContain(`--to-destination ${to}`)
    expect(finding?.fix.command).toContain('delete pod -l k8s-app=kube-proxy')
  })

  it('is proven where one rule of two leads nowhere and questions are lost at times', async () => {
    let asked = 0
    const everySecond: Rule = ({ node, to, transport }) =>
      node === 'node1' && to === DNS_IP && transport === 'udp' && (asked += 1) % 2 === 1 ? 'silent' : undefined
    const rules = [...udpRules(`${REPLICAS['coredns-a']}:53`), ...udpRules('10.244.2.99:53', 'B').slice(1)]
    const finding = await findOverUdp(rules, [everySecond])
    expect(finding).toMatchObject({ status: 'proven', summary: 'fallen-behind', values: { targets: ['10.244.2.99'] } })
  })

  it('is an observation where rules lead nowhere and nothing is lost', async () => {
    const rules = [...udpRules(`${REPLICAS['coredns-a']}:53`), ...udpRules('10.244.2.99:53', 'B').slice(1)]
    const { verdict } = await diagnoseFixture(overUdp(rules, []))
    expect(verdict.outcome).toBe('healthy')
    expect(verdict.observations.map(({ code }) => code)).toContain('service-ip-unreachable')
  })

  it.each([
    ['DNAT --to-destination 192.168.0.77:53', 'rule-translates'],
    ['REDIRECT --to-ports 5399', 'rule-redirects'],
    ['ACCEPT', 'rule-exempts'],
  ])("is proven by another rule that takes the Service IP's traffic: %s", async (action, key) => {
    const finding = await findOverUdp([...udpRules(`${REPLICAS['coredns-a']}:53`), other(`${DNS_IP}/32`, action, 7)])
    expect(finding).toMatchObject({ status: 'proven', summary: 'taken' })
    expect(finding?.evidence[0]?.key).toBe(key)
    expect(finding?.fix.command).toContain(`sudo iptables -t nat -D OUTPUT -d ${DNS_IP}/32 -p udp`)
    expect(finding?.fix.command).not.toContain('kube-proxy')
  })

  it.each([
    ['was never met', other(`${DNS_IP}/32`, 'DNAT --to-destination 192.168.0.77:53', 0)],
    ['is for another address', other('10.96.0.11/32', 'DNAT --to-destination 192.168.0.77:53', 7)],
    ['leads to a replica', other(`${DNS_IP}/32`, `DNAT --to-destination ${REPLICAS['coredns-b']}:53`, 7)],
  ])('is suspected, and names no rule, where the other rule %s', async (_title, rule) => {
    const finding = await findOverUdp([...udpRules(`${REPLICAS['coredns-a']}:53`), rule])
    expect(finding).toMatchObject({ status: 'suspected', summary: 'over-one' })
    expect(finding?.fix.command).not.toContain('iptables')
  })

  it('is suspected where the rules lead to an endpoint', async () => {
    expect((await find(leadTo(REPLICAS['coredns-a'])))?.status).toBe('suspected')
  })
})

const udpSilent = silence(DNS_IP, ({ node, transport }) => node === 'node1' && transport === 'udp')

/** UDP to the Service IP is lost on node1, TCP is not. */
async function findOverUdp(rules: Rules, world: readonly Rule[] = [udpSilent]): Promise<Finding | undefined> {
  const { verdict } = await diagnoseFixture(overUdp(rules, world))
  return verdict.causes.find(({ code }) => code === 'service-ip-unreachable')
}

function overUdp(rules: Rules, world: readonly Rule[]): Fixture {
  return {
    cluster: smallCluster(),
    rules: world,
    kernels: { node1: { first: { iptables: [iptables('nft', { total: 40, rules: [...tcpRules(), ...rules] })] } } },
  }
}

/** kube-proxy's rules for one transport, by way of one endpoint. */
function translating(transport: 'tcp' | 'udp', to: string, endpoint: string): Rules {
  const rule = { table: 'nat', packets: 0 }
  const [service, own] = [`KUBE-SVC-${transport}`, `KUBE-SEP-${transport}-${endpoint}`]
  const portal = `-A KUBE-SERVICES -d ${DNS_IP}/32 -p ${transport} -m ${transport} --dport 53 -j ${service}`
  const translate = `-A ${own} -p ${transport} -m ${transport} -j DNAT --to-destination ${to}`
  return [
    { ...rule, chain: 'KUBE-SERVICES', text: portal, destination: DNS_IP, target: service },
    { ...rule, chain: service, text: `-A ${service} -j ${own}`, target: own },
    { ...rule, chain: own, text: translate, target: 'DNAT', toDestination: to },
  ]
}

function udpRules(to: string, endpoint = 'A'): Rules {
  return translating('udp', to, endpoint)
}

function tcpRules(): Rules {
  return translating('tcp', `${REPLICAS['coredns-a']}:53`, 'A')
}

/** A rule that somebody else put before kube-proxy's. */
function other(destination: string, action: string, packets: number): Rules[number] {
  const [target = '', option, to] = action.split(' ')
  return {
    table: 'nat',
    chain: 'OUTPUT',
    text: `-A OUTPUT -d ${destination} -p udp -m udp --dport 53 -j ${action}`,
    packets,
    target,
    ...(option === '--to-destination' && to !== undefined ? { toDestination: to } : {}),
  }
}
