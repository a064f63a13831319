import type { POD_DNS_CODES } from '../../../src/doctor/causes/pod-dns/codes.ts'
import type { Origin } from '../../../src/doctor/ladder/index.ts'
import { silence } from '../dns-world.ts'
import type { Fixture, Rule } from '../dns-world.ts'
import {
  DNS_IP,
  REPLICAS,
  RESOLV_CONF,
  UPSTREAMS,
  findObject,
  pod,
  replace,
  service,
  smallCluster,
} from '../small-cluster.ts'
import type { KubeJson, SmallCluster } from '../small-cluster.ts'
import { denyAt } from './faults.ts'
import type { GroupFixtures } from './fixture.ts'

const WRONG = '10.99.0.10'
const DB_NAME = 'db.db.svc.cluster.local'

export const podDns: GroupFixtures<(typeof POD_DNS_CODES)[number]> = {
  'cluster-dns-unset': {
    has: () => {
      const cluster = withKubelet({ clusterDNS: undefined })
      cluster.objects.push(missingClusterDns('db', 'db-0'))
      return { cluster, origins: [...nodes(), fromPod('db', 'db-0', 'node3')] }
    },
    nearMisses: [
      {
        title: 'pods have dnsPolicy Default, and kubelet has clusterDNS',
        make: () => ({
          cluster: withPod({ dnsPolicy: 'Default' }),
          origins: [...nodes(), fromPod('shop', 'web', 'node2')],
        }),
      },
      { title: 'kubelet names an address that nobody serves', make: () => wrongAddress() },
    ],
  },
  'cluster-dns-wrong-address': {
    has: () => wrongAddress(),
    nearMisses: [
      {
        title: 'the Service IP is right and dead',
        make: () => {
          const cluster = withKubelet({ clusterDNS: DNS_IP })
          return { cluster, rules: [silence(DNS_IP)] }
        },
      },
      {
        title: 'it is the address of another node cache',
        make: () => ({ cluster: withKubelet({ clusterDNS: '169.254.25.10' }), rules: [silence('169.254.25.10')] }),
      },
      {
        title: 'a server that the cluster does not know answers there',
        make: () => ({ cluster: withKubelet({ clusterDNS: WRONG }) }),
      },
    ],
  },
  'cluster-domain-mismatch': {
    has: () => ({ cluster: withKubelet({ clusterDomain: 'corp.local' }), name: 'db.db.svc.corp.local' }),
    nearMisses: [
      {
        title: 'they are the same and the cluster does not know the name',
        make: () => ({ cluster: smallCluster(), name: 'nothing.db.svc.cluster.local' }),
      },
    ],
  },
  'host-network-cluster-first': {
    has: () => ({
      cluster: withPod({ hostNetwork: true }),
      name: DB_NAME,
      origins: [...nodes(), fromPod('shop', 'web', 'node2')],
    }),
    nearMisses: [
      {
        title: 'the policy is ClusterFirstWithHostNet',
        make: () => ({
          cluster: withPod({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }),
          name: DB_NAME,
          origins: [...nodes(), fromPod('shop', 'web', 'node2')],
        }),
      },
      {
        title: 'such a pod exists and nobody asks about it',
        allowed: 'observation',
        make: () => ({ cluster: withPod({ hostNetwork: true }) }),
      },
      {
        title: 'its policy is Default',
        make: () => ({
          cluster: withPod({ hostNetwork: true, dnsPolicy: 'Default' }),
          name: DB_NAME,
          origins: [...nodes(), fromPod('shop', 'web', 'node2')],
        }),
      },
    ],
  },
  'dns-policy-none-incomplete': {
    has: () => ({
      cluster: withPod({ dnsPolicy: 'None', dnsConfig: { nameservers: [UPSTREAMS[0]] } }),
      name: DB_NAME,
      origins: [...nodes(), fromPod('shop', 'web', 'node2')],
    }),
    nearMisses: [
      {
        title: 'its dnsConfig names the DNS Service and search domains',
        make: () => ({
          cluster: withPod({
            dnsPolicy: 'None',
            dnsConfig: { nameservers: [DNS_IP], searches: ['shop.svc.cluster.local', 'svc.cluster.local'] },
          }),
          name: DB_NAME,
          origins: [...nodes(), fromPod('shop', 'web', 'node2')],
        }),
      },
      {
        title: 'such a pod exists and nobody asks about it',
        allowed: 'observation',
        make: () => ({ cluster: withPod({ dnsPolicy: 'None', dnsConfig: { nameservers: [UPSTREAMS[0]] } }) }),
      },
    ],
  },
  'dns-policy-default-inherits-node': {
    has: () => ({
      cluster: withPod({ dnsPolicy: 'Default' }),
      name: DB_NAME,
      origins: [...nodes(), fromPod('shop', 'web', 'node2')],
    }),
    nearMisses: [
      {
        title: 'it asks for a name outside only',
        allowed: 'observation',
        make: () => ({
          cluster: withPod({ dnsPolicy: 'Default' }),
          origins: [...nodes(), fromPod('shop', 'web', 'node2')],
        }),
      },
      {
        title: 'the pod is on the host network with ClusterFirst',
        make: () => ({
          cluster: onlyPod({ hostNetwork: true }),
          name: DB_NAME,
          origins: [...nodes(), fromPod('shop', 'web', 'node2')],
        }),
      },
    ],
  },
  'pod-resolv-conf-outdated': {
    has: () => ({
      origins: [...nodes(), fromPod('db', 'db-0', 'node3')],
      podFiles: { 'db/db-0': oldFile },
      cluster: smallCluster(),
      name: 'db-0.db.db.svc.cluster.local',
      rules: [silence('10.0.0.7')],
    }),
    nearMisses: [
      {
        title: 'it has what kubelet would write today',
        make: () => ({
          cluster: smallCluster(),
          origins: [...nodes(), fromPod('db', 'db-0', 'node3')],
          podFiles: {
            'db/db-0':
              'search db.svc.cluster.local svc.cluster.local cluster.local\nnameserver 169.254.20.10\noptions ndots:5\n',
          },
        }),
      },
    ],
  },
  'ndots-query-amplification': {
    has: () => ({ cluster: smallCluster(), rules: [responses(1200, 2000)] }),
    isObservation: true,
    nearMisses: [
      { title: 'few of its answers deny', make: () => ({ cluster: smallCluster(), rules: [responses(100, 2000)] }) },
      {
        title: 'most of them deny, and one question brings nothing',
        allowed: 'observation',
        make: () => ({
          cluster: smallCluster(),
          rules: [responses(1200, 2000), silence(REPLICAS['coredns-a'], isLate)],
        }),
      },
      {
        title: 'it has hardly answered anything yet',
        make: () => ({ cluster: smallCluster(), rules: [responses(12, 20)] }),
      },
    ],
  },
  'wildcard-search-domain': {
    has: () => ({
      cluster: withSuffix(),
      name: 'typo.nowhere',
      searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp.example'],
      rules: [wildcard, denyAt([...UPSTREAMS, ...Object.values(REPLICAS), DNS_IP, '169.254.20.10'], 'typo.nowhere.')],
    }),
    nearMisses: [
      {
        title: 'the search domain denies what does not exist',
        make: () => ({ cluster: withSuffix(), rules: [deniesSuffix] }),
      },
      {
        title: 'there is a wildcard and nothing failed',
        allowed: 'observation',
        make: () => ({ cluster: withSuffix(), rules: [wildcard] }),
      },
    ],
  },
  'namespace-shadows-tld': {
    has: () => ({
      cluster: withService('com', 'example'),
      name: 'example.com',
    }),
    nearMisses: [
      {
        title: 'the world outside does not have the name',
        allowed: 'observation',
        make: () => ({
          cluster: withService('shop', 'api'),
          name: 'api.shop',
          rules: [denyAt([...Object.values(REPLICAS), DNS_IP, '169.254.20.10', ...UPSTREAMS], 'api.shop.')],
        }),
      },
      {
        title: 'another name is asked about, and nothing failed',
        allowed: 'observation',
        make: () => ({ cluster: withService('com', 'example'), name: DB_NAME }),
      },
      {
        title: 'no namespace is named like a top-level domain',
        make: () => ({ cluster: smallCluster(), name: 'nothing.example' }),
      },
    ],
  },
  'host-aliases-shadow-dns': {
    has: () => ({
      cluster: withPod({ hostAliases: [{ ip: '10.9.9.9', hostnames: [DB_NAME] }] }),
      name: DB_NAME,
      origins: [...nodes(), fromPod('shop', 'web', 'node2')],
    }),
    nearMisses: [
      {
        title: 'the alias says what DNS says',
        make: () => ({
          cluster: withPod({ hostAliases: [{ ip: '10.244.3.9', hostnames: [DB_NAME] }] }),
          name: DB_NAME,
          origins: [...nodes(), fromPod('shop', 'web', 'node2')],
        }),
      },
      {
        title: 'a pod has one and another pod is asked about',
        make: () => ({
          cluster: withPod({ hostAliases: [{ ip: '10.9.9.9', hostnames: [DB_NAME] }] }),
          name: DB_NAME,
          origins: [...nodes(), fromPod('db', 'db-0', 'node3')],
        }),
      },
    ],
  },
  'short-name-other-namespace': {
    has: () => ({ cluster: smallCluster(), name: 'db' }),
    nearMisses: [
      { title: 'no namespace has such a Service', make: () => ({ cluster: smallCluster(), name: 'nothing' }) },
      { title: 'the name has its namespace', make: () => ({ cluster: smallCluster(), name: 'db.db' }) },
      { title: 'the namespace is a top-level domain', make: () => ({ cluster: smallCluster(), name: 'db.com' }) },
    ],
  },
}

// --- Clusters ---

/** What every kubelet has, as kubeadm writes it down. */
export function withKubelet({
  clusterDNS = '',
  clusterDomain = 'cluster.local',
}: {
  readonly clusterDNS?: string | undefined
  readonly clusterDomain?: string
}): SmallCluster {
  const cluster = smallCluster()
  const servers = clusterDomain === 'cluster.local' ? clusterDNS : '169.254.20.10'
  const lines = [
    ...(servers === '' ? [] : [`clusterDNS: [${servers}]`]),
    `clusterDomain: ${clusterDomain}`,
    `resolvConf: ${RESOLV_CONF}`,
  ]
  findObject(cluster, 'ConfigMap', 'kubelet-config')['data'] = { kubelet: `${lines.join('\n')}\n` }
  return cluster
}

function wrongAddress(): Fixture {
  return { cluster: withKubelet({ clusterDNS: WRONG }), rules: [silence(WRONG)] }
}

/** Pod shop/web on node2 with these settings. */
export function withPod(spec: Record<string, unknown>): SmallCluster {
  const cluster = smallCluster()
  cluster.objects.push(pod('shop', 'web', { node: 'node2', ip: '10.244.2.77', labels: { app: 'web' }, spec }))
  // The pod of the small cluster that has dnsPolicy Default would be an observation of its own.
  replace(findObject(cluster, 'Pod', 'worker'), 'spec', { dnsPolicy: 'ClusterFirst' })
  return cluster
}

function onlyPod(spec: Record<string, unknown>): SmallCluster {
  return withPod(spec)
}

function withSuffix(): SmallCluster {
  const cluster = smallCluster()
  for (const node of ['node1', 'node2', 'node3']) {
    cluster.files[`${node}:${RESOLV_CONF}`] += 'search corp.example\n'
  }
  return cluster
}

function withService(namespace: string, name: string): SmallCluster {
  const cluster = smallCluster()
  cluster.objects.push({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  cluster.objects.push(service(namespace, name, { clusterIP: '10.96.7.9', ports: [], selector: { app: name } }))
  return cluster
}

function missingClusterDns(namespace: string, podName: string): KubeJson {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace, name: `${podName}.2` },
    involvedObject: { kind: 'Pod', namespace, name: podName },
    reason: 'MissingClusterDNS',
    message: `pod: "${podName}". kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.`,
    type: 'Warning',
    count: 4,
  }
}

const oldFile = 'search db.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.0.0.7\noptions ndots:5\n'

// --- Places and rules ---

/** The nodes as places to ask from. */
export function nodes(): Origin[] {
  return ['node1', 'node2', 'node3'].map((name) => ({ place: { kind: 'node', name }, node: name }))
}

export function fromPod(namespace: string, name: string, node: string): Origin {
  return { place: { kind: 'pod', namespace, name }, node }
}

const wildcard: Rule = ({ name, transport }) =>
  transport !== 'http' && name.endsWith('.corp.example.') ? { rcode: 'NOERROR', answers: ['203.0.113.7'] } : undefined

const deniesSuffix: Rule = ({ name, transport }) =>
  transport !== 'http' && name.endsWith('.corp.example.') ? { rcode: 'NXDOMAIN', soaTtl: 300 } : undefined

/** A replica that is too busy to answer in time from far away. */
const isLate = ({ node, transport }: { readonly node: string; readonly transport: string }): boolean =>
  node === 'node3' && transport === 'udp'

function responses(denied: number, all: number): Rule {
  const body = [
    `coredns_dns_responses_total{server="dns://:53",zone=".",rcode="NXDOMAIN",plugin="kubernetes"} ${denied}`,
    `coredns_dns_responses_total{server="dns://:53",zone=".",rcode="NOERROR",plugin="kubernetes"} ${all - denied}`,
    '',
  ].join('\n')
  return ({ transport, name, to }) =>
    transport === 'http' && name === '/metrics' && Object.values<string>(REPLICAS).includes(to)
      ? { status: 200, body }
      : undefined
}
