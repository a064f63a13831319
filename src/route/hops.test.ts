import { describe, expect, it } from 'vitest'
import { parseCorefile } from '../corefile/index.ts'
import { routeQuery, type Hop, type RouteFacts } from './hops.ts'
import { EMPTY_RESOLV_CONF } from './resolv-conf.ts'

const blocks = (text: string): RouteFacts['replicas'][number]['blocks'] =>
  parseCorefile(text, { accepts: () => true }).blocks

const COREDNS = blocks('.:53 {\n kubernetes cluster.local in-addr.arpa\n forward . /etc/resolv.conf\n}\n')
const CACHE = blocks(
  'cluster.local:53 {\n forward . 10.233.0.3 {\n force_tcp\n }\n}\n.:53 {\n forward . /etc/resolv.conf\n}\n',
)

const FACTS: RouteFacts = {
  service: { namespace: 'kube-system', name: 'coredns', clusterIPs: ['10.233.0.3'] },
  replicas: [
    {
      namespace: 'kube-system',
      pod: 'c1',
      node: 'node4',
      ips: ['10.233.74.65'],
      ready: true,
      blocks: COREDNS,
      resolvConf: { ...EMPTY_RESOLV_CONF, nameservers: ['100.64.11.3', '1.2.4.8'] },
    },
    { namespace: 'kube-system', pod: 'c2', node: 'node3', ips: ['10.233.71.1'], ready: true, blocks: COREDNS },
    { namespace: 'kube-system', pod: 'c3', node: 'node3', ips: ['10.233.71.2'], ready: false, blocks: COREDNS },
  ],
  nodeCaches: [
    {
      namespace: 'kube-system',
      pod: 'n2',
      node: 'node2',
      ips: ['192.168.0.3'],
      ready: true,
      blocks: CACHE,
      localIPs: ['169.254.25.10'],
      resolvConf: { ...EMPTY_RESOLV_CONF, nameservers: ['100.64.11.3'] },
    },
  ],
}

function outline(hop: Hop): unknown {
  return [
    `${hop.kind} ${hop.address} ${hop.transport}`,
    ...(hop.note === undefined ? [] : [hop.note]),
    ...hop.next.map(outline),
  ]
}

const route = (name: string, nameservers: readonly string[], node = 'node2', facts = FACTS): unknown[] =>
  routeQuery({ name, type: 'A', nameservers, node }, facts).servers.map(outline)

describe('routeQuery()', () => {
  it('cluster names: node cache, over TCP to the DNS Service, to one of its ready replicas', () => {
    expect(route('a.b.svc.cluster.local.', ['169.254.25.10'])).toEqual([
      [
        'node-cache 169.254.25.10 client',
        ['dns-service 10.233.0.3 tcp', ['replica 10.233.74.65 tcp'], ['replica 10.233.71.1 tcp']],
      ],
    ])
  })

  it('external names: from the node cache to the upstreams of its node', () => {
    expect(route('www.example.org.', ['169.254.25.10'])).toEqual([
      ['node-cache 169.254.25.10 client', ['upstream 100.64.11.3 client']],
    ])
  })

  it("external names past the DNS Service: the upstreams of each replica's own node, or that they are unknown", () => {
    expect(route('www.example.org.', ['10.233.0.3'])).toEqual([
      [
        'dns-service 10.233.0.3 client',
        ['replica 10.233.74.65 client', ['upstream 100.64.11.3 client'], ['upstream 1.2.4.8 client']],
        ['replica 10.233.71.1 client', 'its /etc/resolv.conf was not seen, so its upstreams are unknown'],
      ],
    ])
  })

  it('says that no node cache runs where one is asked', () => {
    expect(route('a.', ['169.254.25.10'], 'node9')).toEqual([
      ['node-cache 169.254.25.10 client', 'a node cache listens on this address but none runs on node9'],
    ])
  })

  it('says that nothing ready stands behind the Service, and which server nobody knows', () => {
    const empty = { ...FACTS, replicas: [] }
    expect(route('a.', ['10.233.0.3'], '', empty)).toEqual([
      ['dns-service 10.233.0.3 client', 'no ready replica was seen behind it'],
    ])
    expect(route('a.', ['8.8.8.8'])).toEqual([['unknown 8.8.8.8 client']])
  })

  it('cuts forwarding that goes round in circles', () => {
    const loop = {
      ...FACTS,
      replicas: FACTS.replicas.map((replica) => ({ ...replica, blocks: blocks('.:53 {\n forward . 10.233.0.3\n}\n') })),
    }
    expect(JSON.stringify(route('a.', ['10.233.0.3'], '', loop))).toContain('forwarding goes round in circles')
  })

  it("reads ports, TLS and node-cache's placeholders", () => {
    const [cache] = FACTS.nodeCaches
    const template = blocks(
      'cluster.local:53 {\n forward . __PILLAR__CLUSTER__DNS__\n}\n.:53 {\n forward . tls://9.9.9.9%dns.quad9.net [2620:fe::fe]:5353\n}\n',
    )
    const facts = {
      ...FACTS,
      nodeCaches: cache === undefined ? [] : [{ ...cache, blocks: template, upstreamIPs: ['10.233.0.3'] }],
    }
    const outer = routeQuery({ name: 'x.', type: 'A', nameservers: ['169.254.25.10'], node: 'node2' }, facts).servers[0]
    expect(outer?.next.map(({ address, port, transport }) => `${address} ${port} ${transport}`)).toEqual([
      '9.9.9.9 853 tls',
      '2620:fe::fe 5353 client',
    ])
    expect(route('a.svc.cluster.local.', ['169.254.25.10'], 'node2', facts)[0]).toContainEqual(
      expect.arrayContaining(['dns-service 10.233.0.3 client']),
    )
  })

  it('asks the blocks that are bound to the address, and says when none is', () => {
    const [cache] = FACTS.nodeCaches
    const bound = blocks(
      '.:53 {\n bind 169.254.25.10\n forward . 10.0.0.1\n}\n.:53 {\n bind 127.0.0.1\n forward . 10.0.0.2\n}\n',
    )
    const facts = (localIP: string): RouteFacts => ({
      ...FACTS,
      nodeCaches: cache === undefined ? [] : [{ ...cache, blocks: bound, localIPs: [localIP] }],
    })
    expect(route('a.', ['169.254.25.10'], 'node2', facts('169.254.25.10'))).toEqual([
      ['node-cache 169.254.25.10 client', ['upstream 10.0.0.1 client']],
    ])
    expect(route('a.', ['169.254.25.11'], 'node2', facts('169.254.25.11'))).toEqual([
      ['node-cache 169.254.25.11 client', 'none of its server blocks listens on 169.254.25.11: nobody answers'],
    ])
  })

  it('names the views that may take a question first', () => {
    const views = blocks(
      '.:53 {\n view odd {\n  expr true\n }\n forward . 10.0.0.1\n}\n.:53 {\n forward . 10.0.0.2\n}\n',
    )
    const hopWith = (seen: RouteFacts['replicas'][number]['blocks']): Hop | undefined => {
      const replicas = FACTS.replicas.slice(0, 1).map((replica) => ({ ...replica, blocks: seen }))
      const question = { name: 'a.', type: 'A', nameservers: ['10.233.74.65'], node: '' }
      return routeQuery(question, { ...FACTS, replicas }).servers[0]
    }
    const hop = hopWith(views)
    expect(hopWith(views.slice(0, 1))?.note).toBe(
      'only taken while the expression of view "odd" holds: REFUSED otherwise',
    )
    expect(hop?.next.map(({ address }) => address)).toEqual(['10.0.0.2'])
    expect(hop?.note).toBe('a question for which the expression of view "odd" holds is taken by that block instead')
  })
})
