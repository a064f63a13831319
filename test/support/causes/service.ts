import type { SERVICE_CODES } from '../../../src/doctor/causes/service/codes.ts'
import { conntrack, flow, iptables } from './kernels.ts'
import {
  clusterSilentFrom,
  refuseClusterNames,
  refuseService,
  serviceIpDead,
  setEndpoints,
  setNotReady,
  silenceReplicas,
  withoutReadyReplicas,
} from './faults.ts'
import {
  DNS_IP,
  REPLICAS,
  findObject,
  pod,
  removeObject,
  replace,
  service as serviceJson,
  slice,
  smallCluster,
} from '../small-cluster.ts'
import type { SmallCluster } from '../small-cluster.ts'
import { silence } from '../dns-world.ts'
import type { Fixture, Rule } from '../dns-world.ts'
import type { GroupFixtures } from './fixture.ts'

export const service: GroupFixtures<(typeof SERVICE_CODES)[number]> = {
  'dns-service-no-endpoints': {
    has: () => ({ cluster: withoutReadyReplicas(), rules: [refuseService, silenceReplicas, refuseClusterNames] }),
    nearMisses: [
      {
        title: 'one of two replicas is ready',
        make: () => {
          const cluster = smallCluster()
          setNotReady(cluster, 'coredns-b')
          setEndpoints(cluster, [
            { ip: REPLICAS['coredns-a'], node: 'node1' },
            { ip: REPLICAS['coredns-b'], node: 'node2', ready: false },
          ])
          return { cluster, rules: [silence(REPLICAS['coredns-b'])] }
        },
      },
      { title: 'the endpoints are ready and the Service IP is dead', make: () => serviceIpDead() },
    ],
  },
  'dns-service-selector-mismatch': {
    has: () => {
      const cluster = smallCluster()
      replace(findObject(cluster, 'Service', 'kube-dns'), 'spec', { selector: { app: 'dns' } })
      setEndpoints(cluster, [])
      return { cluster, rules: [refuseService, refuseClusterNames] }
    },
    nearMisses: [
      {
        title: 'it selects none of the pods and none of them is ready',
        allowed: 'suspected',
        make: () => {
          const cluster = withoutReadyReplicas()
          replace(findObject(cluster, 'Service', 'kube-dns'), 'spec', { selector: { app: 'dns' } })
          setEndpoints(cluster, [])
          return { cluster, rules: [refuseService, silenceReplicas, refuseClusterNames] }
        },
      },
      {
        title: 'the selected pods are not ready',
        make: () => ({ cluster: withoutReadyReplicas(), rules: [refuseService, silenceReplicas, refuseClusterNames] }),
      },
      {
        title: 'the Service has no selector and its endpoints are written by hand',
        make: () => {
          const cluster = smallCluster()
          replace(findObject(cluster, 'Service', 'kube-dns'), 'spec', { selector: undefined })
          return { cluster }
        },
      },
    ],
  },
  'unexpected-dns-service-name': {
    has: () => ({ ...renamedService({ told: 'kube-dns' }), logs: cacheLogs('kube-dns') }),
    nearMisses: [
      { title: 'the node cache is told the name', make: () => renamedService({ told: 'coredns' }) },
      {
        title: 'the name differs and no log tells of it',
        allowed: 'suspected',
        make: () => renamedService({ told: 'kube-dns' }),
      },
      {
        title: 'the Service has the usual name and the node cache looks for another one',
        make: () => {
          const cluster = smallCluster()
          tellCache(cluster, 'kube-dns-upstream')
          return { cluster, rules: [refuseClusterNames], logs: cacheLogs('kube-dns-upstream') }
        },
      },
    ],
  },
  'internal-traffic-policy-local': {
    has: () => ({
      cluster: withLocalPolicy(),
      rules: [silence(DNS_IP, ({ node }) => node === 'node3'), cacheSilentOn('node3')],
    }),
    nearMisses: [
      { title: 'it answers from every node all the same', make: () => ({ cluster: withLocalPolicy() }) },
      {
        title: 'another node is silent as well',
        allowed: 'suspected',
        make: () => ({ cluster: withLocalPolicy(), rules: [silence(DNS_IP, ({ node }) => node !== 'node1')] }),
      },
      {
        title: 'the policy is Cluster and one node is silent',
        make: () => ({ cluster: smallCluster(), rules: [silence(DNS_IP, ({ node }) => node === 'node3')] }),
      },
    ],
  },
  'service-ip-unreachable': {
    has: () => serviceIpDead(),
    nearMisses: [
      {
        title: 'only UDP to the Service IP is lost',
        allowed: 'suspected',
        make: () => ({
          cluster: smallCluster(),
          rules: [silence(DNS_IP, ({ node, transport }) => node === 'node1' && transport === 'udp')],
        }),
      },
      {
        title: 'the replicas are silent from that node as well',
        make: () => ({ cluster: smallCluster(), rules: [clusterSilentFrom('node1')] }),
      },
      {
        title: 'the DNS Service has no endpoint',
        make: () => {
          const cluster = smallCluster()
          replace(findObject(cluster, 'Service', 'kube-dns'), 'spec', { selector: { app: 'dns' } })
          setEndpoints(cluster, [])
          return { cluster, rules: [refuseService] }
        },
      },
      {
        title: 'one replica is out of reach too: the Service IP may have led to it',
        make: () => ({
          cluster: smallCluster(),
          rules: [
            silence(DNS_IP, ({ node }) => node === 'node1'),
            silence(REPLICAS['coredns-b'], ({ node }) => node === 'node1'),
          ],
        }),
      },
      {
        title: 'kube-proxy is well: the Service IP is dead for a reason that was not seen',
        allowed: 'suspected',
        make: () => ({ cluster: smallCluster(), rules: [silence(DNS_IP, ({ node }) => node === 'node1')] }),
      },
    ],
  },
  'mixed-iptables-backends': {
    has: () => mixedBackends({ legacyKube: false, legacyForward: 'DROP' }),
    nearMisses: [
      {
        title: 'both hold rules and nothing fails',
        allowed: 'observation',
        make: () => ({ ...mixedBackends({ legacyKube: false, legacyForward: 'DROP' }), rules: [] }),
      },
      {
        title: 'the KUBE chains are in both',
        allowed: 'suspected',
        make: () => mixedBackends({ legacyKube: true, legacyForward: 'ACCEPT' }),
      },
      {
        title: 'all rules are in one backend',
        make: () => ({
          ...mixedBackends({ legacyKube: false, legacyForward: 'DROP' }),
          kernels: { node1: { first: { iptables: [iptables('nft', { total: 90 })] } } },
        }),
      },
    ],
  },
  'stale-udp-conntrack': {
    has: () => ({
      cluster: smallCluster(),
      rules: [udpLostOn('node1')],
      kernels: { node1: { first: conntrack(flow({ client: '10.244.1.30', to: DNS_IP, translated: GONE })) } },
    }),
    nearMisses: [
      {
        title: 'the flow leads to an endpoint',
        make: () => ({
          cluster: smallCluster(),
          rules: [udpLostOn('node1')],
          kernels: {
            node1: { first: conntrack(flow({ client: '10.244.1.30', to: DNS_IP, translated: REPLICAS['coredns-a'] })) },
          },
        }),
      },
      {
        title: 'it leads to a pod that is gone, was answered before, and is not used any more',
        allowed: 'observation',
        make: () => ({
          cluster: smallCluster(),
          kernels: {
            node1: { first: conntrack(flow({ client: '10.244.1.30', to: DNS_IP, translated: GONE, isReplied: true })) },
          },
        }),
      },
      {
        title: "the node's own rules lead there still",
        make: () => ({
          cluster: smallCluster(),
          rules: [udpLostOn('node1')],
          kernels: {
            node1: {
              first: {
                ...conntrack(flow({ client: '10.244.1.30', to: DNS_IP, translated: GONE })),
                iptables: [iptables('nft', { total: 90, rules: [translation(GONE)] })],
              },
            },
          },
        }),
      },
      {
        title: 'the address asked is no Service',
        make: () => ({
          cluster: smallCluster(),
          kernels: {
            node1: { first: conntrack(flow({ client: '10.244.1.30', to: '8.8.8.8', translated: '8.8.8.8' })) },
          },
        }),
      },
    ],
  },
  'ipvs-stale-udp-connections': {
    has: () => ({ cluster: smallCluster(), rules: [udpLostOn('node1')], kernels: { node1: { first: ipvs(GONE) } } }),
    nearMisses: [
      {
        title: 'a rollout left some and nothing fails',
        allowed: 'observation',
        make: () => ({ cluster: smallCluster(), kernels: { node1: { first: ipvs(GONE) } } }),
      },
      {
        title: 'the connections lead to endpoints',
        make: () => ({
          cluster: smallCluster(),
          rules: [udpLostOn('node1')],
          kernels: { node1: { first: ipvs(REPLICAS['coredns-b']) } },
        }),
      },
      {
        title: 'kube-proxy works in iptables mode',
        make: () => ({
          cluster: smallCluster(),
          rules: [udpLostOn('node1')],
          kernels: { node1: { first: conntrack(flow({ client: '10.244.1.30', to: DNS_IP, translated: GONE })) } },
        }),
      },
    ],
  },
  'bridge-netfilter-disabled': {
    has: () => bridged({ setting: '0', from: REPLICAS['coredns-a'] }),
    nearMisses: [
      {
        title: 'it is off and nothing came from a wrong address',
        allowed: 'observation',
        make: () => ({ ...bridged({ setting: '0', from: REPLICAS['coredns-a'] }), rules: [] }),
      },
      {
        title: 'the wrong address is the node cache’s',
        make: () => bridged({ setting: '1', from: '169.254.20.10' }),
      },
      {
        title: 'the setting was not seen',
        allowed: 'suspected',
        make: () => ({ ...bridged({ setting: '0', from: REPLICAS['coredns-a'] }), kernels: {} }),
      },
    ],
  },
  'node-cache-wrong-source': {
    has: () => ({ cluster: smallCluster(), rules: [strayAt('node2', DNS_IP, '169.254.20.10')] }),
    nearMisses: [
      {
        title: 'the response comes from a CoreDNS pod of the same node',
        make: () => bridged({ setting: '0', from: REPLICAS['coredns-a'] }),
      },
      { title: 'the node cache is silent', make: () => ({ cluster: smallCluster(), rules: [cacheSilentOn('node2')] }) },
    ],
  },
  'application-service-no-endpoints': {
    has: () => ({ cluster: withShop({ ready: false }), name: 'web.shop.svc.cluster.local' }),
    nearMisses: [
      {
        title: 'an endpoint is ready',
        make: () => ({ cluster: withShop({ ready: true }), name: 'web.shop.svc.cluster.local' }),
      },
      {
        title: 'the Service is headless',
        make: () => {
          const cluster = withShop({ ready: false })
          replace(findObject(cluster, 'Service', 'web'), 'spec', { clusterIP: 'None', clusterIPs: ['None'] })
          return { cluster, name: 'web.shop.svc.cluster.local' }
        },
      },
      {
        title: 'it is the DNS Service',
        make: () => ({
          cluster: withoutReadyReplicas(),
          rules: [refuseService, silenceReplicas, refuseClusterNames],
          name: 'kube-dns.kube-system.svc.cluster.local',
        }),
      },
    ],
  },
}

/** An address that no pod has any more. */
const GONE = '10.244.2.99'

/** The DNS Service is named coredns; the node cache looks for another name. */
/** kube-proxy's rule of one endpoint. */
function translation(address: string): ReturnType<typeof iptables>['rules'][number] {
  const toDestination = `${address}:53`
  const text = `-A KUBE-SEP-GONE -p udp -m udp -j DNAT --to-destination ${toDestination}`
  return { table: 'nat', chain: 'KUBE-SEP-GONE', text, packets: 1, protocol: 'udp', target: 'DNAT', toDestination }
}

function renamedService({ told }: { readonly told: string }): Fixture {
  const cluster = smallCluster()
  const { spec } = findObject(cluster, 'Service', 'kube-dns')
  for (const kind of ['Service', 'EndpointSlice']) removeObject(cluster, kind, 'kube-dns')
  cluster.objects.push(
    serviceJson('kube-system', 'coredns', spec as Record<string, unknown>),
    slice(
      'kube-system',
      'coredns',
      Object.values(REPLICAS).map((ip, index) => ({ ip, node: `node${index + 1}` })),
    ),
  )
  tellCache(cluster, told)
  return { cluster, rules: told === 'coredns' ? [] : [refuseClusterNames] }
}

function tellCache(cluster: SmallCluster, upstream: string): void {
  const args = ['-localip', '169.254.20.10', '-conf', '/etc/Corefile', '-upstreamsvc', upstream]
  const image = 'registry.k8s.io/dns/k8s-dns-node-cache:1.22.28'
  const spec = { containers: [{ name: 'node-cache', image, args }] }
  for (const object of cluster.objects.filter(
    ({ kind, metadata }) => kind === 'Pod' && String(metadata['name']).startsWith('node-local-dns'),
  )) {
    replace(object, 'spec', spec)
  }
  const daemonSet = findObject(cluster, 'DaemonSet', 'node-local-dns')
  const { template } = daemonSet['spec'] as { template: { metadata: object; spec: object } }
  replace(daemonSet, 'spec', { template: { ...template, spec: { ...template.spec, ...spec } } })
}

function cacheLogs(service: string): Record<string, string> {
  const text = `[ERROR] Unable to lookup IP address of Upstream service ${service}: lookup ${service}: no such host`
  return Object.fromEntries(['node1', 'node2', 'node3'].map((node) => [`kube-system/node-local-dns-${node}`, text]))
}

/** Two replicas on node1 and node2, none on node3. */
function withLocalPolicy(): SmallCluster {
  const cluster = smallCluster()
  replace(findObject(cluster, 'Service', 'kube-dns'), 'spec', { internalTrafficPolicy: 'Local' })
  return cluster
}

function cacheSilentOn(node: string): Rule {
  return silence('169.254.20.10', (ask) => ask.node === node)
}

/** UDP to the Service IP is lost on one node; the replicas, and TCP, answer. */
function udpLostOn(node: string): Rule {
  return silence(DNS_IP, (ask) => ask.node === node && ask.transport === 'udp')
}

function mixedBackends({
  legacyKube,
  legacyForward,
}: {
  readonly legacyKube: boolean
  readonly legacyForward: 'ACCEPT' | 'DROP'
}): Fixture {
  const legacy = iptables('legacy', { total: 40, forward: legacyForward, hasKube: legacyKube })
  return {
    cluster: smallCluster(),
    // Node1 forwards nothing to its pods either: by its policy, that of the backend which nobody looks at.
    rules: [
      silence(DNS_IP, ({ node }) => node === 'node1'),
      silence(REPLICAS['coredns-a'], ({ node }) => node !== 'node1'),
    ],
    kernels: { node1: { first: { iptables: [iptables('nft', { total: 90 }), legacy] } } },
  }
}

function ipvs(destination: string): NonNullable<Fixture['kernels']>[string]['first'] {
  const at = (address: string): { address: string; port: number } => ({ address, port: 53 })
  const destinations = Object.values(REPLICAS).map((ip) => ({
    address: at(ip),
    forward: 'Masq',
    weight: 1,
    active: 0,
    inactive: 2,
  }))
  const client = { address: '10.244.1.30', port: 40_053 }
  const connection = {
    protocol: 'udp',
    client,
    service: at(DNS_IP),
    destination: at(destination),
    state: 'UDP',
    expiresSeconds: 211,
  }
  return {
    ipvs: {
      services: [{ protocol: 'udp', address: at(DNS_IP), scheduler: 'rr', destinations }],
      connections: [connection],
    },
  }
}

function strayAt(node: string, to: string, from: string): Rule {
  return (ask) => (ask.node === node && ask.to === to && ask.transport === 'udp' ? { strayFrom: from } : undefined)
}

/** Pods of node1 hang on a bridge; the response to one of them comes from `from` itself. */
function bridged({ setting, from }: { readonly setting: string; readonly from: string }): Fixture {
  const link = {
    index: 1,
    mtu: 1450,
    isUp: true,
    operationalState: 'UP',
    dropped: { received: 0, sent: 0 },
    errors: { received: 0, sent: 0 },
  }
  const links = [
    { ...link, name: 'cni0', kind: 'bridge' },
    { ...link, index: 2, name: 'veth1', kind: 'veth', master: 'cni0' },
  ]
  return {
    cluster: smallCluster(),
    rules: [strayAt('node1', DNS_IP, from)],
    kernels: {
      node1: {
        first: { sysctls: { 'net.bridge.bridge-nf-call-iptables': setting, 'net.ipv4.ip_forward': '1' }, links },
      },
    },
  }
}

/** Service web in namespace shop, with one pod behind it. */
function withShop({ ready }: { readonly ready: boolean }): SmallCluster {
  const cluster = smallCluster()
  cluster.objects.push(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    serviceJson('shop', 'web', {
      clusterIP: '10.96.0.80',
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
      selector: { app: 'web' },
    }),
    slice('shop', 'web', [{ ip: '10.244.1.40', node: 'node1', ready }]),
    pod('shop', 'web-1', { node: 'node1', ip: '10.244.1.40', labels: { app: 'web' } }),
  )
  return cluster
}
