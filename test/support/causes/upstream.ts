import type { UPSTREAM_CODES } from '../../../src/doctor/causes/upstream/codes.ts'
import type { Origin } from '../../../src/doctor/ladder/index.ts'
import type { Link } from '../../../src/vantage/kernel/tables.ts'
import {
  DEAD,
  NODE_IPS,
  deadUpstream,
  denyAt,
  notEquivalent,
  refuseService,
  setNameservers,
  withEventOnly,
  withoutReadyReplicas,
} from './faults.ts'
import {
  DNS_IP,
  NODES,
  REPLICAS,
  RESOLV_CONF,
  UPSTREAMS,
  findObject,
  nameserverEvent,
  replace,
  smallCluster,
} from '../small-cluster.ts'
import type { KubeJson, SmallCluster } from '../small-cluster.ts'
import { failingMetrics, silence } from '../dns-world.ts'
import type { Ask, Fixture, Reply, Rule } from '../dns-world.ts'
import type { GroupFixtures } from './fixture.ts'

export const upstream: GroupFixtures<(typeof UPSTREAM_CODES)[number]> = {
  'upstream-dead': {
    has: () => deadUpstream(),
    nearMisses: [
      {
        title: 'it is cut off beyond the third nameserver (the reference cluster, node3)',
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node3', [...UPSTREAMS, '10.0.0.4', DEAD])
          cluster.objects.push(nameserverEvent('node-local-dns-node3', [...UPSTREAMS, '10.0.0.4']))
          return { cluster, rules: [silence(DEAD)] }
        },
      },
      {
        title: 'it answers, but NXDOMAIN where the other one knows the name',
        make: () => notEquivalent(),
      },
      {
        title: 'it answers over TCP only',
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node2', [UPSTREAMS[0], DEAD])
          return {
            cluster,
            rules: [
              silence(DEAD, ({ transport }) => transport === 'udp'),
              failingMetrics([REPLICAS['coredns-b'], NODE_IPS.node2], DEAD),
            ],
          }
        },
      },
      {
        title: 'it is silent and no counter of the servers that forward to it grows',
        allowed: 'suspected',
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node2', [UPSTREAMS[0], DEAD])
          return { cluster, rules: [silence(DEAD)] }
        },
      },
    ],
  },
  'upstreams-not-equivalent': {
    has: () => notEquivalent(),
    nearMisses: [
      { title: 'one of them never answers', make: () => deadUpstream() },
      {
        title: 'all of them deny the name',
        make: () => ({
          cluster: smallCluster(),
          name: 'git.corp.example.',
          rules: [denyAt([...UPSTREAMS], 'git.corp.example.')],
        }),
      },
    ],
  },
  'too-many-nameservers': {
    has: () => {
      const cluster = smallCluster()
      const kept = ['10.0.0.6', '10.0.0.7', '10.0.0.8']
      for (const node of ['node1', 'node2', 'node3']) {
        setNameservers(cluster, node, [...kept, UPSTREAMS[0]])
        cluster.objects.push(nameserverEvent(`node-local-dns-${node}`, kept))
      }
      const servers = [DNS_IP, ...Object.values(REPLICAS), '169.254.20.10', ...kept]
      return { cluster, name: 'git.corp.example.', rules: [denyAt(servers, 'git.corp.example.')] }
    },
    nearMisses: [
      {
        title: 'the fourth is dead and nothing ever asks it',
        allowed: 'observation',
        make: () => {
          const cluster = smallCluster()
          setNameservers(cluster, 'node3', [...UPSTREAMS, '10.0.0.4', DEAD])
          cluster.objects.push(nameserverEvent('node-local-dns-node3', [...UPSTREAMS, '10.0.0.4']))
          return { cluster, rules: [silence(DEAD)] }
        },
      },
      {
        title: "only kubelet's event was seen and nothing failed",
        allowed: 'observation',
        make: () => ({ cluster: withEventOnly() }),
      },
      { title: 'the dead one is second', make: () => deadUpstream() },
    ],
  },
  'upstream-health-check-mismatch': {
    has: () => overTcpOnly(),
    nearMisses: [
      { title: 'it answers over neither transport', make: () => deadUpstream() },
      {
        title: 'UDP is silent and no counter of the servers that forward to it grows',
        allowed: 'suspected',
        make: () => ({ ...overTcpOnly(), rules: [silence(DEAD, ({ transport }) => transport === 'udp')] }),
      },
      {
        title: 'TCP is silent and its health is checked over UDP',
        make: () => ({ ...overTcpOnly(), rules: [silence(DEAD, ({ transport }) => transport === 'tcp')] }),
      },
    ],
  },
  'search-domain-servfail': {
    has: () => withSearchDomain('lan', { rcode: 'SERVFAIL' }),
    nearMisses: [
      { title: 'its names are denied', make: () => withSearchDomain('lan', { rcode: 'NXDOMAIN', soaTtl: 60 }) },
      {
        title: 'the name itself fails as well: the upstreams are at fault',
        make: () => {
          const { cluster } = withSearchDomain('lan', 'silent')
          return {
            cluster,
            rules: [
              ({ name }) =>
                name.startsWith('example.com.') || name.endsWith('.lan.') ? { rcode: 'SERVFAIL' } : undefined,
            ],
          }
        },
      },
      {
        title: 'its zone answers to every name',
        make: () => withSearchDomain('lan', { rcode: 'NOERROR', answers: ['203.0.113.7'] }),
      },
    ],
  },
  'too-many-search-domains': {
    has: () => {
      const cluster = withLongSearchList()
      cluster.objects.push(searchEvent('db-0', KEPT_SEARCHES))
      return { cluster, name: 'git', rules: [answerBelow('git.four.example.')] }
    },
    nearMisses: [
      {
        title: 'the name is found below no search domain that is left out',
        allowed: 'observation',
        make: () => {
          const cluster = withLongSearchList()
          cluster.objects.push(searchEvent('db-0', KEPT_SEARCHES))
          return { cluster, name: 'git.corp.example.', rules: [denyExternal('git.corp.example.')] }
        },
      },
      {
        title: 'kubelet is recent and lets all of them through',
        make: () => {
          const cluster = withLongSearchList()
          setKubeletVersion(cluster, 'v1.30.2')
          return { cluster, name: 'git', rules: [answerBelow('git.four.example.')] }
        },
      },
    ],
  },
  'search-domain-is-dot': {
    has: () => {
      const cluster = withRootSearch('v1.22.4')
      return {
        cluster,
        origins: fromWorker(),
        podFiles: { 'default/worker': 'nameserver 10.0.0.2\nsearch \n' },
        name: 'db.db',
      }
    },
    nearMisses: [
      {
        title: "the pod's file was not seen",
        allowed: 'observation',
        make: () => ({ cluster: withRootSearch('v1.22.4') }),
      },
      {
        title: 'kubelet is recent enough to leave it out',
        make: () => ({ cluster: withRootSearch('v1.30.2'), origins: fromWorker() }),
      },
      { title: 'a search domain fails', make: () => withSearchDomain('lan', { rcode: 'SERVFAIL' }) },
    ],
  },
  'resolv-conf-missing': {
    has: () => ({ cluster: withoutResolvConf(), rules: [refuseService] }),
    nearMisses: [
      {
        title: "kubelet's configuration names another file by now",
        allowed: 'suspected',
        make: () => {
          const cluster = withoutResolvConf()
          replaceKubelet(cluster, '/etc/resolv.conf')
          return { cluster, rules: [refuseService] }
        },
      },
      {
        title: 'CoreDNS pods wait for the pod network',
        make: () => {
          const cluster = withoutReadyReplicas()
          for (const name of Object.keys(REPLICAS)) setContainerCreating(cluster, name)
          cluster.objects.push(sandboxEvent('coredns-a', 'network: cni plugin not initialized'))
          return { cluster, rules: [refuseService] }
        },
      },
    ],
  },
  'loopback-nameserver-in-pod': {
    has: () => ({ cluster: withStub('node1'), origins: fromWorker(), rules: [silence('127.0.0.53', isWorker)] }),
    nearMisses: [
      { title: 'no pod there has the file within a network of its own', make: () => ({ cluster: withStub('node3') }) },
      {
        title: 'CoreDNS itself has it: a forwarding loop',
        make: () => {
          const cluster = withStub('node2')
          return { cluster }
        },
      },
      { title: 'the upstream is dead', make: () => deadUpstream() },
    ],
  },
  'resolver-packet-rate-limit': {
    has: () => ({
      cluster: smallCluster(),
      kernels: { node1: { first: { links: [ena(1200)] }, second: { links: [ena(1900)] } } },
      rules: [silence(UPSTREAMS[0], ({ node }) => node === 'node1')],
    }),
    nearMisses: [
      {
        title: 'the counter stands still: that was another hour',
        make: () => ({
          cluster: smallCluster(),
          kernels: { node1: { first: { links: [ena(1200)] } } },
          rules: [silence(UPSTREAMS[0], ({ node }) => node === 'node1')],
        }),
      },
      {
        title: 'it was counted once, and nothing fails',
        allowed: 'observation',
        make: () => ({ cluster: smallCluster(), kernels: { node1: { first: { links: [ena(1200)] } } } }),
      },
      { title: 'the upstream is dead', make: () => deadUpstream() },
    ],
  },
}

// --- Clusters ---

const KEPT_SEARCHES = [
  'db.svc.cluster.local',
  'svc.cluster.local',
  'cluster.local',
  'one.example',
  'two.example',
  'three.example',
]

function overTcpOnly(): Fixture {
  const cluster = smallCluster()
  setNameservers(cluster, 'node2', [UPSTREAMS[0], DEAD])
  return {
    cluster,
    rules: [
      silence(DEAD, ({ transport }) => transport === 'udp'),
      failingMetrics([REPLICAS['coredns-b'], NODE_IPS.node2], DEAD),
    ],
  }
}

/** Nodes with a search domain of their own, below which every name gets the same reply. */
function withSearchDomain(suffix: string, reply: Reply): Fixture {
  const cluster = smallCluster()
  setSearches(cluster, suffix)
  return {
    cluster,
    rules: [({ name, transport }) => (transport !== 'http' && name.endsWith(`.${suffix}.`) ? reply : undefined)],
  }
}

function withLongSearchList(): SmallCluster {
  const cluster = smallCluster()
  setSearches(cluster, 'one.example two.example three.example four.example')
  setKubeletVersion(cluster, 'v1.22.4')
  return cluster
}

function withRootSearch(version: string): SmallCluster {
  const cluster = smallCluster()
  setSearches(cluster, '.')
  setKubeletVersion(cluster, version)
  return cluster
}

function setSearches(cluster: SmallCluster, searches: string): void {
  for (const node of NODES) cluster.files[`${node}:${RESOLV_CONF}`] += `search ${searches}\n`
}

function setKubeletVersion(cluster: SmallCluster, kubeletVersion: string): void {
  for (const node of NODES) {
    const found = findObject(cluster, 'Node', node)
    const status = found['status'] as { readonly nodeInfo: object }
    replace(found, 'status', { nodeInfo: { ...status.nodeInfo, kubeletVersion } })
  }
}

/** Both CoreDNS pods wait for a file that their nodes do not have. */
function withoutResolvConf(): SmallCluster {
  const cluster = withoutReadyReplicas()
  for (const name of Object.keys(REPLICAS)) {
    setContainerCreating(cluster, name)
    cluster.objects.push(sandboxEvent(name, `open ${RESOLV_CONF}: no such file or directory`))
  }
  return { ...cluster, files: {} }
}

function replaceKubelet(cluster: SmallCluster, resolvConf: string): void {
  const kubelet = `clusterDNS: [169.254.20.10]\nclusterDomain: cluster.local\nresolvConf: ${resolvConf}\n`
  findObject(cluster, 'ConfigMap', 'kubelet-config')['data'] = { kubelet }
}

function setContainerCreating(cluster: SmallCluster, podName: string): void {
  findObject(cluster, 'Pod', podName)['status'] = {
    phase: 'Pending',
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'False' },
    ],
    containerStatuses: [
      { name: 'coredns', ready: false, restartCount: 0, state: { waiting: { reason: 'ContainerCreating' } } },
    ],
  }
}

function sandboxEvent(podName: string, detail: string): KubeJson {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: 'kube-system', name: `${podName}.sandbox` },
    involvedObject: { kind: 'Pod', namespace: 'kube-system', name: podName },
    reason: 'FailedCreatePodSandBox',
    message: `Failed to create pod sandbox: ${detail}`,
    type: 'Warning',
    count: 12,
  }
}

function searchEvent(podName: string, kept: readonly string[]): KubeJson {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: 'db', name: `${podName}.search` },
    involvedObject: { kind: 'Pod', namespace: 'db', name: podName },
    reason: 'DNSConfigForming',
    message: `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${kept.join(' ')}`,
    type: 'Warning',
    count: 3,
  }
}

/** A node whose file names its own stub resolver. */
function withStub(node: string): SmallCluster {
  const cluster = smallCluster()
  setNameservers(cluster, node, ['127.0.0.53'])
  return cluster
}

/** From inside the pod with dnsPolicy Default, on node1. */
function fromWorker(): Origin[] {
  return [
    { place: { kind: 'node', name: 'node1' }, node: 'node1' },
    { place: { kind: 'pod', namespace: 'default', name: 'worker' }, node: 'node1' },
  ]
}

function isWorker({ from }: Ask): boolean {
  return from.kind === 'pod'
}

/** An interface of AWS, whose driver counts what the network dropped. */
function ena(dropped: number): Link {
  return {
    index: 2,
    name: 'eth0',
    mtu: 9001,
    isUp: true,
    operationalState: 'UP',
    dropped: { received: 0, sent: 0 },
    errors: { received: 0, sent: 0 },
    allowances: { linklocal_allowance_exceeded: dropped, conntrack_allowance_exceeded: 0 },
  }
}

// --- Rules ---

/** Names outside the cluster do not exist but for one. */
function answerBelow(known: string): Rule {
  return ({ name, transport }) => {
    if (transport === 'http' || !name.startsWith('git.')) return undefined
    return name === known ? { rcode: 'NOERROR', answers: ['192.0.2.20'] } : { rcode: 'NXDOMAIN', soaTtl: 60 }
  }
}

function denyExternal(denied: string): Rule {
  return ({ name, transport }) =>
    transport !== 'http' && name === denied ? { rcode: 'NXDOMAIN', soaTtl: 300 } : undefined
}
