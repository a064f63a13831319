import { describe, expect, it } from 'vitest'
import { renderRules } from './rules.ts'
import { serviceChain } from './service-ports.ts'
import type { ServicePort } from './service-ports.ts'

const DNS: ServicePort = {
  name: 'kube-system/kube-dns:dns',
  protocol: 'udp',
  clusterIp: '10.96.0.10',
  externalIps: [],
  port: 53,
  nodePort: 0,
  affinitySeconds: 0,
  localOnly: false,
  endpoints: [
    { address: '10.244.0.2', port: 53, node: 'a' },
    { address: '10.244.0.3', port: 53, node: 'a' },
    { address: '10.244.1.2', port: 53, node: 'b' },
  ],
}

function render(port: ServicePort, node = 'b'): string[] {
  const text = renderRules({ ports: [port], presentChains: ['KUBE-SEP-OLD'], clusterCidr: '10.244.0.0/16', node })
  return text.split('\n')
}

describe('serviceChain()', () => {
  it.each([
    { name: 'default/kubernetes:https', protocol: 'tcp', chain: 'KUBE-SVC-NPX46M4PTMTKRN6Y' },
    { name: 'kube-system/kube-dns:dns', protocol: 'udp', chain: 'KUBE-SVC-TCOU7JCQXEZGVUNU' },
    { name: 'kube-system/kube-dns:dns-tcp', protocol: 'tcp', chain: 'KUBE-SVC-ERIFXISQEP7F7OF4' },
    { name: 'default/hostnames:', protocol: 'tcp', chain: 'KUBE-SVC-NWV5X2332I4OT4T3' },
  ] as const)('gives $name the name it has in every cluster', ({ name, protocol, chain }) => {
    expect(serviceChain({ ...DNS, name, protocol })).toBe(chain)
  })
})

describe('renderRules()', () => {
  it('gives each endpoint an equal share', () => {
    const shares = render(DNS).flatMap((line) => /--probability (\S+)/.exec(line)?.[1] ?? [])
    expect(shares).toEqual(['0.3333333333', '0.5000000000'])
  })

  it('refuses what has no endpoint, and nothing leads to it', () => {
    const lines = render({ ...DNS, endpoints: [] })
    expect(lines).toContain(
      '-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns has no endpoints" -m udp --dport 53 -j REJECT --reject-with icmp-port-unreachable',
    )
    expect(lines.filter((line) => line.includes('KUBE-SVC-'))).toEqual([])
  })

  it('internalTrafficPolicy Local: own endpoints alone, and silence on a node without one', () => {
    const own = render({ ...DNS, localOnly: true }).filter((line) => line.includes('DNAT'))
    expect(own).toHaveLength(1)
    expect(own[0]).toContain('--to-destination 10.244.1.2:53')
    expect(render({ ...DNS, localOnly: true }, 'c')).toContain(
      '-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns has no local endpoints" -m udp --dport 53 -j DROP',
    )
  })

  it('removes chains that nobody wants any more, after all that could lead to them', () => {
    const lines = render(DNS)
    expect(lines).toContain(':KUBE-SEP-OLD - [0:0]')
    expect(lines.slice(-3)).toEqual(['-X KUBE-SEP-OLD', 'COMMIT', ''])
  })

  it('session affinity: looks first for an endpoint that the client had', () => {
    const lines = render({ ...DNS, affinitySeconds: 10_800 })
    const chain = serviceChain(DNS)
    const first = lines.find((line) => line.startsWith(`-A ${chain}`)) ?? ''
    expect(first).toMatch(/-m recent --name KUBE-SEP-\S+ --rcheck --seconds 10800 --reap -j KUBE-SEP-/)
  })
})
