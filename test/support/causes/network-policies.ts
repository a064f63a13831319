// The group's causes that stand in front of pods: network policies, a service mesh's proxy, Cilium's DNS proxy.
import type { NETWORK_CODES } from '../../../src/doctor/causes/network/codes.ts'
import type { Fixture, Rule } from '../dns-world.ts'
import { silence } from '../dns-world.ts'
import { DNS_IP, pod, smallCluster } from '../small-cluster.ts'
import type { KubeJson, SmallCluster } from '../small-cluster.ts'
import { NODE_OF, betweenNodesSilent, refuseClusterNames } from './faults.ts'
import type { GroupFixtures } from './fixture.ts'
import { fromPod, nodes, withKubelet } from './pod-dns.ts'

const CACHE = '169.254.20.10'
const CLOUD = '169.254.169.254'
const DB_NAME = 'db.db.svc.cluster.local'

type PolicyCode = Extract<
  (typeof NETWORK_CODES)[number],
  `network-policy-${string}` | 'service-mesh-dns-capture' | 'cilium-dns-proxy-conflict'
>

export const networkPolicies: GroupFixtures<PolicyCode> = {
  'network-policy-blocks-egress': {
    has: () => restricted({ nameserver: DNS_IP, egress: [] }),
    nearMisses: [
      {
        title: 'a rule admits the CoreDNS pods',
        make: () => ({ ...restricted({ nameserver: DNS_IP, egress: [TO_DNS_PODS] }), rules: [] }),
      },
      {
        title: 'the network plugin does not enforce it',
        make: () => ({ ...restricted({ nameserver: DNS_IP, egress: [] }), rules: [] }),
      },
      {
        title: 'nobody asks about such a pod',
        allowed: 'observation',
        make: () => ({ cluster: restricted({ nameserver: DNS_IP, egress: [] }).cluster }),
      },
      {
        title: 'CoreDNS is admitted and the node cache is not',
        make: () => restricted({ nameserver: CACHE, egress: [TO_DNS_PODS] }),
      },
    ],
  },
  'network-policy-misses-node-cache': {
    has: () => restricted({ nameserver: CACHE, egress: [TO_DNS_PODS] }),
    nearMisses: [
      { title: 'nothing is admitted at all', make: () => restricted({ nameserver: CACHE, egress: [] }) },
      {
        title: 'an ipBlock holds its address',
        make: () => ({
          ...restricted({ nameserver: CACHE, egress: [TO_DNS_PODS, toBlock('169.254.0.0/16')] }),
          rules: [],
        }),
      },
      {
        title: 'the node cache is down and no policy selects the pod',
        make: () => ({
          ...restricted({ nameserver: CACHE, egress: [TO_DNS_PODS], selects: 'db' }),
          rules: [silence(CACHE, ({ node }) => node === 'node2')],
        }),
      },
    ],
  },
  'network-policy-misses-cloud-dns': {
    has: () => restricted({ nameserver: CLOUD, egress: [TO_DNS_PODS] }),
    nearMisses: [
      {
        title: 'an ipBlock holds its address',
        make: () => ({ ...restricted({ nameserver: CLOUD, egress: [toBlock(`${CLOUD}/32`)] }), rules: [] }),
      },
      {
        title: 'nobody asks about such a pod',
        allowed: 'observation',
        make: () => ({ cluster: restricted({ nameserver: CLOUD, egress: [TO_DNS_PODS] }).cluster }),
      },
      { title: 'pods ask the DNS Service', make: () => restricted({ nameserver: DNS_IP, egress: [] }) },
    ],
  },
  'network-policy-blocks-coredns': {
    has: () => ({
      cluster: hardened({ policyTypes: ['Ingress'], ingress: [] }),
      rules: [betweenNodesSilent, silence(DNS_IP), refuseClusterNames],
    }),
    nearMisses: [
      {
        title: 'port 53 is admitted from everywhere',
        make: () => ({
          cluster: hardened({
            policyTypes: ['Ingress'],
            ingress: [
              {
                ports: [
                  { protocol: 'UDP', port: 53 },
                  { protocol: 'TCP', port: 53 },
                ],
              },
            ],
          }),
          rules: [betweenNodesSilent],
        }),
      },
      {
        title: 'the network plugin does not enforce it',
        make: () => ({ cluster: hardened({ policyTypes: ['Ingress'], ingress: [] }) }),
      },
      {
        title: 'the policy selects other pods',
        make: () => ({
          cluster: hardened({ podSelector: { matchLabels: { app: 'x' } }, policyTypes: ['Ingress'], ingress: [] }),
          rules: [betweenNodesSilent],
        }),
      },
    ],
  },
  'service-mesh-dns-capture': {
    has: () => meshed({ captured: true, rules: [madeUp] }),
    nearMisses: [
      { title: 'the proxy answers as CoreDNS does', make: () => meshed({ captured: true, rules: [] }) },
      { title: 'no proxy captures and the answer is odd', make: () => meshed({ captured: false, rules: [madeUp] }) },
      {
        title: 'nobody asks about such a pod',
        make: () => ({ cluster: meshed({ captured: true, rules: [] }).cluster }),
      },
    ],
  },
  'cilium-dns-proxy-conflict': {
    has: () => ({
      cluster: withCilium({ dns: [{ matchPattern: '*' }] }),
      rules: [silence(CACHE, ({ node }) => node === 'node1')],
    }),
    nearMisses: [
      {
        title: 'everything answers',
        allowed: 'observation',
        make: () => ({ cluster: withCilium({ dns: [{ matchPattern: '*' }] }) }),
      },
      {
        title: 'no policy has DNS rules',
        make: () => ({ cluster: withCilium({}), rules: [silence(CACHE, ({ node }) => node === 'node1')] }),
      },
    ],
  },
}

const TO_DNS_PODS = {
  to: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
}

function toBlock(cidr: string): object {
  return { to: [{ ipBlock: { cidr } }] }
}

function policy(namespace: string, spec: object): KubeJson {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name: 'restrict' },
    spec: { podSelector: {}, ...spec },
  }
}

/** Pod shop/web under an egress policy; what it asks is lost. */
function restricted({
  nameserver,
  egress,
  selects = 'web',
}: {
  readonly nameserver: string
  readonly egress: readonly object[]
  readonly selects?: string
}): Fixture {
  const cluster = withKubelet({ clusterDNS: nameserver })
  cluster.objects.push(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    pod('shop', 'web', { node: 'node2', ip: '10.244.2.77', labels: { app: 'web' } }),
    policy('shop', { podSelector: { matchLabels: { app: selects } }, policyTypes: ['Egress'], egress }),
  )
  const admitsPods = egress.includes(TO_DNS_PODS)
  const lost: Rule = ({ from, to, transport }) =>
    from.kind === 'pod' && transport !== 'http' && !(admitsPods && (NODE_OF[to] !== undefined || to === DNS_IP))
      ? 'silent'
      : undefined
  return { cluster, rules: [lost], origins: [...nodes(), fromPod('shop', 'web', 'node2')], name: DB_NAME }
}

/** A policy in kube-system that selects the CoreDNS pods. */
function hardened(spec: object): SmallCluster {
  const cluster = smallCluster()
  cluster.objects.push(policy('kube-system', { podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } }, ...spec }))
  return cluster
}

function meshed({ captured, rules }: { readonly captured: boolean; readonly rules: readonly Rule[] }): Fixture {
  const cluster = smallCluster()
  const proxy = {
    name: 'istio-proxy',
    image: 'istio/proxyv2:1.22',
    env: [{ name: 'ISTIO_META_DNS_CAPTURE', value: String(captured) }],
  }
  cluster.objects.push(
    pod('shop', 'web', {
      node: 'node2',
      ip: '10.244.2.77',
      labels: { app: 'web' },
      spec: { containers: [{ name: 'main', image: 'example/app:1' }, proxy] },
    }),
  )
  return { cluster, rules, origins: [...nodes(), fromPod('shop', 'web', 'node2')], name: DB_NAME }
}

const madeUp: Rule = ({ from, name, transport }) =>
  from.kind === 'pod' && transport !== 'http' && name === `${DB_NAME}.`
    ? { rcode: 'NOERROR', answers: ['240.240.0.5'] }
    : undefined

function withCilium(rules: object): SmallCluster {
  const cluster = smallCluster()
  const spec = { endpointSelector: {}, egress: [{ toPorts: [{ ports: [{ port: '53', protocol: 'ANY' }], rules }] }] }
  cluster.objects.push({
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { namespace: 'shop', name: 'dns' },
    spec,
  })
  return cluster
}
