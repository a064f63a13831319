import type { NODE_CACHE_CODES } from '../../../src/doctor/causes/node-cache/codes.ts'
import { refuseClusterNames, setNotReady } from './faults.ts'
import { conntrack } from './kernels.ts'
import {
  DNS_IP,
  NODES,
  REPLICAS,
  UPSTREAMS,
  findObject,
  pod,
  removeObject,
  replace,
  smallCluster,
} from '../small-cluster.ts'
import type { SmallCluster } from '../small-cluster.ts'
import { countingMetrics, silence } from '../dns-world.ts'
import type { Fixture, Rule } from '../dns-world.ts'
import type { KernelTables } from '../../../src/vantage/kernel/tables.ts'
import type { GroupFixtures } from './fixture.ts'

const CACHE_IP = '169.254.20.10'
const OTHER_IP = '169.254.25.10'
const CACHE_PODS = NODES.map((node) => `node-local-dns-${node}`)
const NODE_ADDRESSES = ['192.168.0.11', '192.168.0.12', '192.168.0.13'] as const
const IN_USE = `[ERROR] listen udp ${CACHE_IP}:53: bind: address already in use\n`

// --- Clusters ---

function cacheGone(): Fixture {
  const cluster = smallCluster()
  removeObject(cluster, 'Pod', 'node-local-dns-node2')
  return { cluster, rules: [silence(CACHE_IP, ({ node }) => node === 'node2')] }
}

function cacheCrashes(log: string | undefined): Fixture {
  const cluster = smallCluster()
  setNotReady(cluster, 'node-local-dns-node2')
  const logs: Record<string, string> =
    log === undefined
      ? {}
      : { 'kube-system/node-local-dns-node2 previous': log, 'kube-system/node-local-dns-node2': log }
  return { cluster, logs, rules: [silence(CACHE_IP, ({ node }) => node === 'node2')] }
}

/** What kubelet's configuration says in place of the cache's address. */
function handOut(cluster: SmallCluster, address: string): void {
  const map = findObject(cluster, 'ConfigMap', 'kubelet-config')
  const { kubelet } = map['data'] as { kubelet: string }
  map['data'] = { kubelet: kubelet.replace(CACHE_IP, address) }
}

function addConfigMap(cluster: SmallCluster, name: string, data: Record<string, string>): void {
  cluster.objects.push({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name },
    data,
  })
}

function editCacheCorefile(cluster: SmallCluster, edit: (text: string) => string): void {
  const map = findObject(cluster, 'ConfigMap', 'node-local-dns')
  map['data'] = { Corefile: edit((map['data'] as { Corefile: string }).Corefile) }
}

/** kube-proxy in ipvs mode, kubelets that hand out the Service IP, and caches that hardly anybody asks. */
function underIpvs(queries: number): Fixture {
  const cluster = smallCluster()
  handOut(cluster, DNS_IP)
  addConfigMap(cluster, 'kube-proxy', { 'config.conf': 'kind: KubeProxyConfiguration\nmode: ipvs\n' })
  return { cluster, rules: [cacheTraffic(queries)] }
}

function withCilium(queries: number, data: Record<string, string> = { 'kube-proxy-replacement': 'true' }): Fixture {
  const cluster = smallCluster()
  handOut(cluster, DNS_IP)
  addConfigMap(cluster, 'cilium-config', data)
  return { cluster, rules: [cacheTraffic(queries)] }
}

/** The template's way: node-cache puts the address of -upstreamsvc in. */
function withPillar(): SmallCluster {
  const cluster = smallCluster()
  editCacheCorefile(cluster, (text) => text.replace(`forward . ${DNS_IP}`, 'forward . __PILLAR__CLUSTER__DNS__'))
  return cluster
}

function setUpstreamService(cluster: SmallCluster, name: string): void {
  const sets = [
    findObject(cluster, 'DaemonSet', 'node-local-dns'),
    ...CACHE_PODS.map((one) => findObject(cluster, 'Pod', one)),
  ]
  for (const object of sets) {
    const text = JSON.stringify(object['spec']).replace('"-upstreamsvc","kube-dns"', `"-upstreamsvc","${name}"`)
    object['spec'] = JSON.parse(text) as unknown
  }
}

function mountKubeDns(cluster: SmallCluster): void {
  const sets = [
    findObject(cluster, 'DaemonSet', 'node-local-dns'),
    ...CACHE_PODS.map((one) => findObject(cluster, 'Pod', one)),
  ]
  for (const object of sets) {
    const text = JSON.stringify(object['spec']).replace(
      '"volumes":[',
      '"volumes":[{"name":"kube-dns-config","configMap":{"name":"kube-dns","optional":true}},',
    )
    object['spec'] = JSON.parse(text) as unknown
  }
}

function overridden(data: Record<string, string>, { mounted = true } = {}): SmallCluster {
  const cluster = smallCluster()
  addConfigMap(cluster, 'kube-dns', data)
  if (mounted) mountKubeDns(cluster)
  return cluster
}

function withSecurityGroups(rules: readonly Rule[]): Fixture {
  const cluster = smallCluster()
  const grouped = pod('default', 'payments', { node: 'node1', ip: '10.244.1.60', labels: { app: 'payments' } })
  replace(grouped, 'metadata', { annotations: { 'vpc.amazonaws.com/pod-eni': '[{"eniId":"eni-0a1"}]' } })
  cluster.objects.push(grouped)
  const origins = [
    { place: { kind: 'node', name: 'node1' }, node: 'node1' },
    { place: { kind: 'pod', namespace: 'default', name: 'payments' }, node: 'node1' },
  ] as const
  return { cluster, rules, origins }
}

// --- Rules ---

function cacheTraffic(queries: number): Rule {
  // Started a day before the facts were collected.
  return countingMetrics(NODE_ADDRESSES, () => ({
    'coredns_dns_requests_total{server="dns://:53"}': queries,
    process_start_time_seconds: Date.UTC(2026, 0, 1) / 1000,
  }))
}

const cacheFailsOutside: Rule = ({ to, name, transport }) =>
  to === CACHE_IP && transport !== 'http' && name === 'example.com.' ? { rcode: 'SERVFAIL' } : undefined

function setupMetrics(address: string, errors: Readonly<Record<string, number>>): Rule {
  return ({ to, port, name }) => {
    if (to !== address || port !== 9353 || name !== '/metrics') return undefined
    const lines = Object.entries(errors).map(
      ([type, count]) => `coredns_nodecache_setup_errors_total{errortype="${type}"} ${count}`,
    )
    return { status: 200, body: `${lines.join('\n')}\n` }
  }
}

const tcpToServiceLost: Rule = silence(DNS_IP, ({ transport }) => transport === 'tcp')

// --- Kernels ---

function cacheKernel({
  hasAddress = true,
  rules = [CACHE_IP],
}: { readonly hasAddress?: boolean; readonly rules?: readonly string[] } = {}): Partial<KernelTables> {
  const addresses = hasAddress ? [{ link: 'nodelocaldns', address: CACHE_IP, prefixLength: 32, scope: 'global' }] : []
  return {
    ...conntrack(),
    addresses,
    iptables: [
      {
        program: 'iptables-legacy-save',
        backend: 'legacy',
        family: 4,
        chains: [],
        total: 40,
        rules: rules.map((destination) => ({
          table: 'raw',
          chain: 'PREROUTING',
          text: `-A PREROUTING -d ${destination}/32 -p udp -m udp --dport 53 -m comment --comment "NodeLocal DNS Cache: skip conntrack" -j NOTRACK`,
          packets: 12,
          target: 'NOTRACK',
          destination,
          protocol: 'udp',
          destinationPort: 53,
        })),
      },
    ],
  }
}

export const nodeCache: GroupFixtures<(typeof NODE_CACHE_CODES)[number]> = {
  'node-cache-down': {
    has: () => cacheGone(),
    nearMisses: [
      {
        title: 'kubelets hand out the Service IP, which works without it',
        make: () => {
          const cluster = smallCluster()
          removeObject(cluster, 'Pod', 'node-local-dns-node2')
          handOut(cluster, DNS_IP)
          return { cluster }
        },
      },
      {
        title: 'its pod is ready and its address does not answer',
        make: () => ({ cluster: smallCluster(), rules: [silence(CACHE_IP, ({ node }) => node === 'node2')] }),
      },
      {
        title: 'another DaemonSet serves the same address there',
        make: () => {
          const cluster = smallCluster()
          setNotReady(cluster, 'node-local-dns-node2')
          const { spec } = findObject(cluster, 'Pod', 'node-local-dns-node2') as unknown as {
            spec: Record<string, unknown>
          }
          const owner = { kind: 'DaemonSet', name: 'node-local-dns-second' }
          cluster.objects.push(
            pod('kube-system', 'node-local-dns-second-x', {
              node: 'node2',
              ip: '192.168.0.12',
              labels: {},
              owner,
              spec,
            }),
          )
          return { cluster }
        },
      },
    ],
  },
  'node-cache-bind-failed': {
    has: () => cacheCrashes(IN_USE),
    nearMisses: [
      { title: 'it crashes for another reason', make: () => cacheCrashes('[FATAL] out of luck\n') },
      { title: 'its log was not seen', make: () => cacheCrashes(undefined) },
      {
        title: 'it could not once, and is ready now',
        make: () => ({ cluster: smallCluster(), logs: { 'kube-system/node-local-dns-node2 previous': IN_USE } }),
      },
    ],
  },
  'node-cache-address-mismatch': {
    has: () => {
      const cluster = smallCluster()
      handOut(cluster, OTHER_IP)
      return { cluster, rules: [silence(OTHER_IP)] }
    },
    nearMisses: [
      {
        title: 'kubelets hand out the Service IP',
        make: () => {
          const cluster = smallCluster()
          handOut(cluster, DNS_IP)
          return { cluster }
        },
      },
      { title: 'the cache on one node is gone', make: () => cacheGone() },
    ],
  },
  'node-cache-bypassed-under-ipvs': {
    isObservation: true,
    has: () => underIpvs(40),
    nearMisses: [
      { title: 'the caches are asked', make: () => underIpvs(400_000) },
      {
        title: 'kubelets hand out the address of the cache',
        make: () => {
          const cluster = smallCluster()
          addConfigMap(cluster, 'kube-proxy', { 'config.conf': 'mode: ipvs\n' })
          return { cluster, rules: [cacheTraffic(40)] }
        },
      },
      {
        title: 'kube-proxy is in iptables mode',
        make: () => {
          const cluster = smallCluster()
          handOut(cluster, DNS_IP)
          addConfigMap(cluster, 'kube-proxy', { 'config.conf': 'mode: iptables\n' })
          return { cluster, rules: [cacheTraffic(40)] }
        },
      },
    ],
  },
  'node-cache-rules-inconsistent': {
    has: () => ({
      cluster: smallCluster(),
      rules: [silence(CACHE_IP, ({ node }) => node === 'node2')],
      kernels: {
        node1: { first: cacheKernel() },
        node2: { first: cacheKernel({ hasAddress: false }) },
        node3: { first: cacheKernel() },
      },
    }),
    nearMisses: [
      {
        title: 'address and rules are there and it does not answer',
        make: () => ({
          cluster: smallCluster(),
          rules: [
            silence(CACHE_IP, ({ node }) => node === 'node2'),
            setupMetrics(NODE_ADDRESSES[1], { iptables: 0, iptables_lock: 0, interface_add: 0 }),
          ],
          kernels: { node2: { first: cacheKernel() } },
        }),
      },
      {
        title: 'rules are missing and it works past them',
        allowed: 'observation',
        make: () => ({ cluster: smallCluster(), kernels: { node2: { first: cacheKernel({ rules: [] }) } } }),
      },
      { title: 'its pod is gone, and nothing of it is left', make: () => cacheGone() },
    ],
  },
  'node-cache-upstream-service-missing': {
    has: () => {
      const cluster = withPillar()
      setUpstreamService(cluster, 'kube-dns-upstream')
      return { cluster, rules: [refuseClusterNames] }
    },
    nearMisses: [
      {
        title: 'nobody saw it fail: the caches may have started before it went',
        allowed: 'observation',
        make: () => {
          const cluster = withPillar()
          setUpstreamService(cluster, 'kube-dns-upstream')
          return { cluster, origins: [] }
        },
      },
      {
        title: 'the Service is there',
        make: () => ({ cluster: withPillar(), rules: [refuseClusterNames] }),
      },
      {
        title: 'the Corefile does not use the argument',
        make: () => {
          const cluster = smallCluster()
          setUpstreamService(cluster, 'kube-dns-upstream')
          return { cluster }
        },
      },
    ],
  },
  'node-cache-force-tcp-blocked': {
    has: () => ({ cluster: smallCluster(), rules: [tcpToServiceLost, refuseClusterNames] }),
    nearMisses: [
      {
        title: 'the Service answers over neither',
        make: () => ({ cluster: smallCluster(), rules: [silence(DNS_IP), refuseClusterNames] }),
      },
      {
        title: 'the cache asks over UDP',
        make: () => {
          const cluster = smallCluster()
          editCacheCorefile(cluster, (text) => text.replace('force_tcp', 'prefer_udp'))
          return { cluster, rules: [tcpToServiceLost, refuseClusterNames] }
        },
      },
      {
        title: 'connections get there and are closed',
        make: () => ({
          cluster: smallCluster(),
          rules: [
            ({ to, transport }) => (to === DNS_IP && transport === 'tcp' ? 'closed' : undefined),
            refuseClusterNames,
          ],
        }),
      },
      {
        title: 'connections are made, and the server is too slow to answer over them',
        make: () => ({
          cluster: smallCluster(),
          rules: [
            ({ to, transport }) => (to === DNS_IP && transport === 'tcp' ? 'connected' : undefined),
            refuseClusterNames,
          ],
        }),
      },
      {
        title: 'a replica is not reached over UDP either',
        make: () => ({
          cluster: smallCluster(),
          rules: [tcpToServiceLost, silence(REPLICAS['coredns-b']), refuseClusterNames],
        }),
      },
      {
        title: 'TCP is lost, and what the caches answer is fresh',
        make: () => ({ cluster: smallCluster(), rules: [tcpToServiceLost] }),
      },
    ],
  },
  'node-cache-upstreams-overridden': {
    has: () => ({ cluster: overridden({ upstreamNameservers: '["8.8.4.4"]' }), rules: [cacheFailsOutside] }),
    nearMisses: [
      {
        title: 'names outside resolve all the same',
        allowed: 'observation',
        make: () => ({ cluster: overridden({ upstreamNameservers: '["8.8.4.4"]' }) }),
      },
      {
        title: 'the DaemonSet does not mount the ConfigMap',
        make: () => ({
          cluster: overridden({ upstreamNameservers: '["8.8.4.4"]' }, { mounted: false }),
          rules: [cacheFailsOutside],
        }),
      },
      {
        title: "the node's own nameservers fail too",
        allowed: 'observation',
        make: () => ({
          cluster: overridden({ upstreamNameservers: '["8.8.4.4"]' }),
          rules: [cacheFailsOutside, silence(UPSTREAMS[0]), silence(UPSTREAMS[1])],
        }),
      },
    ],
  },
  'node-cache-bypassed-by-cilium': {
    isObservation: true,
    has: () => withCilium(40),
    nearMisses: [
      { title: 'the caches are asked', make: () => withCilium(400_000) },
      {
        title: 'a policy leads to the cache',
        make: () => {
          const fixture = withCilium(40)
          fixture.cluster.objects.push({
            apiVersion: 'cilium.io/v2',
            kind: 'CiliumLocalRedirectPolicy',
            metadata: { namespace: 'kube-system', name: 'nodelocaldns' },
            spec: {
              redirectFrontend: { serviceMatcher: { serviceName: 'kube-dns', namespace: 'kube-system' } },
              redirectBackend: {},
            },
          })
          return fixture
        },
      },
      { title: 'kube-proxy is not replaced', make: () => withCilium(40, { 'kube-proxy-replacement': 'false' }) },
    ],
  },
  'security-groups-bypass-node-cache': {
    has: () => withSecurityGroups([silence(CACHE_IP, ({ from }) => from.kind === 'pod')]),
    nearMisses: [
      {
        title: 'the whole node cannot reach it',
        allowed: 'suspected',
        make: () =>
          withSecurityGroups([silence(CACHE_IP, ({ node, from }) => node === 'node1' || from.kind === 'pod')]),
      },
      { title: 'such a pod reaches it', make: () => withSecurityGroups([]) },
      { title: 'the cache on one node is gone', make: () => cacheGone() },
    ],
  },
}
