// A small healthy cluster as the objects `kubectl get -o json` would print, and its nodes' files; each fixture changes
// the few fields that make its fault.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { collectFromManifests } from '../../src/doctor/facts/index.ts'
import type { ClusterFacts } from '../../src/doctor/facts/index.ts'

/** A Kubernetes object as JSON; fixtures reach into it freely. */
export type KubeJson = Record<string, unknown> & { kind: string; metadata: Record<string, unknown> }

export interface SmallCluster {
  objects: KubeJson[]
  /** Content by `NODE:PATH`. */
  files: Record<string, string>
}

export const DNS_IP = '10.96.0.10'
export const NODES = ['node1', 'node2', 'node3'] as const
export const RESOLV_CONF = '/run/systemd/resolve/resolv.conf'
/** The cluster's two resolvers, which know the same names. */
export const UPSTREAMS = ['10.0.0.2', '10.0.0.3'] as const
/** CoreDNS pods and their addresses. */
export const REPLICAS = { 'coredns-a': '10.244.1.2', 'coredns-b': '10.244.2.2' } as const

const COREFILE = `.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`
const CACHE_COREFILE = `cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
    errors
    cache 30
    bind 169.254.20.10
    forward . ${DNS_IP} {
        force_tcp
    }
    prometheus :9253
    health 169.254.20.10:8080
}
.:53 {
    errors
    cache 30
    bind 169.254.20.10
    forward . /etc/resolv.conf
    prometheus :9253
}
`

/** Makes the cluster: three nodes, two CoreDNS replicas, a node cache and kube-proxy on each node, and a database. */
export function smallCluster(): SmallCluster {
  const objects = [
    ...['default', 'kube-system', 'db'].map((name) => object('v1', 'Namespace', { name })),
    ...NODES.map(nodeJson),
    service('default', 'kubernetes', { clusterIP: '10.96.0.1', ports: [port('https', 443, 'TCP')] }),
    service('kube-system', 'kube-dns', {
      clusterIP: DNS_IP,
      ports: [port('dns', 53, 'UDP'), port('dns-tcp', 53, 'TCP'), port('metrics', 9153, 'TCP')],
      selector: { 'k8s-app': 'kube-dns' },
    }),
    service('db', 'db', { clusterIP: 'None', ports: [port('sql', 5432, 'TCP')], selector: { app: 'db' } }),
    configMap('kube-system', 'coredns', { Corefile: COREFILE }),
    configMap('kube-system', 'node-local-dns', { Corefile: CACHE_COREFILE }),
    configMap('kube-system', 'kubelet-config', {
      kubelet: `clusterDNS: [169.254.20.10]\nclusterDomain: cluster.local\nresolvConf: ${RESOLV_CONF}\n`,
    }),
    workload('Deployment', 'kube-system', 'coredns', { labels: { 'k8s-app': 'kube-dns' }, replicas: 2 }),
    workload('DaemonSet', 'kube-system', 'node-local-dns', {
      labels: { 'k8s-app': 'node-local-dns' },
      podSpec: cachePodSpec(),
    }),
    workload('StatefulSet', 'db', 'db', { labels: { app: 'db' }, serviceName: 'db', replicas: 1 }),
    ...Object.entries(REPLICAS).map(([name, ip], index) => corednsPod(name, ip, NODES[index] ?? 'node1')),
    ...NODES.map((node) => daemonPod('node-local-dns', node, cachePodSpec())),
    ...NODES.map((node) => daemonPod('kube-proxy', node, proxyPodSpec())),
    pod('db', 'db-0', {
      node: 'node3',
      ip: '10.244.3.9',
      labels: { app: 'db' },
      owner: { kind: 'StatefulSet', name: 'db' },
      spec: { hostname: 'db-0', subdomain: 'db' },
    }),
    pod('default', 'worker', {
      node: 'node1',
      ip: '10.244.1.30',
      labels: { app: 'worker' },
      spec: { dnsPolicy: 'Default' },
    }),
    slice('default', 'kubernetes', [{ ip: '192.168.0.1' }]),
    slice(
      'kube-system',
      'kube-dns',
      Object.values(REPLICAS).map((ip, index) => ({ ip, node: NODES[index] ?? 'node1' })),
    ),
    slice('db', 'db', [{ ip: '10.244.3.9', node: 'node3', hostname: 'db-0' }]),
  ]
  const file = `${UPSTREAMS.map((address) => `nameserver ${address}`).join('\n')}\n`
  const files = Object.fromEntries(NODES.map((node) => [`${node}:${RESOLV_CONF}`, file]))
  return { objects, files }
}

/** Collects the facts of a cluster the way `--manifests` does. */
export async function factsOf({ objects, files }: SmallCluster): Promise<ClusterFacts> {
  const folder = mkdtempSync(join(tmpdir(), 'fathom-cluster-'))
  try {
    writeFileSync(join(folder, 'objects.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
    for (const [place, text] of Object.entries(files)) {
      const [node = '', path = ''] = place.split(':')
      const target = join(folder, 'nodes', node, path)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, text)
    }
    const { facts } = await collectFromManifests({ paths: [folder], stdin: noInput(), now: Date.UTC(2026, 0, 2) })
    return { ...facts, source: { ...facts.source, description: 'a small cluster' } }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function* noInput(): AsyncGenerator<string> {}

/** One object of the cluster, to be changed. @throws {Error} when the fixture names one that is not there */
export function findObject(cluster: SmallCluster, kind: string, name: string): KubeJson {
  const found = cluster.objects.find((one) => one.kind === kind && one.metadata['name'] === name)
  if (found === undefined) throw new Error(`the cluster has no ${kind} ${name}`)
  return found
}

/** Replaces an object's part: `replace(findObject(…), 'spec', { … })` keeps what is not named. */
export function replace(object: KubeJson, part: 'metadata' | 'spec' | 'status', fields: Record<string, unknown>): void {
  object[part] = { ...(object[part] as Record<string, unknown> | undefined), ...fields }
}

export function removeObject(cluster: SmallCluster, kind: string, name: string): void {
  cluster.objects = cluster.objects.filter((one) => one !== findObject(cluster, kind, name))
}

// --- Objects ---

function object(apiVersion: string, kind: string, metadata: Record<string, unknown>, rest: object = {}): KubeJson {
  return { apiVersion, kind, metadata, ...rest }
}

function nodeJson(name: string): KubeJson {
  const address = `192.168.0.1${name.slice(-1)}`
  return object(
    'v1',
    'Node',
    { name },
    {
      spec: {},
      status: {
        addresses: [{ type: 'InternalIP', address }],
        conditions: [{ type: 'Ready', status: 'True' }],
        nodeInfo: { kubeletVersion: 'v1.30.2', kernelVersion: '6.1', osImage: 'Linux', operatingSystem: 'linux' },
      },
    },
  )
}

function port(name: string, number: number, protocol: string): object {
  return { name, port: number, protocol }
}

export function service(namespace: string, name: string, spec: Record<string, unknown>): KubeJson {
  const { clusterIP } = spec as { clusterIP?: string }
  return object(
    'v1',
    'Service',
    { namespace, name },
    {
      spec: { type: 'ClusterIP', ...(clusterIP === undefined ? {} : { clusterIPs: [clusterIP] }), ...spec },
    },
  )
}

function configMap(namespace: string, name: string, data: Record<string, string>): KubeJson {
  return object('v1', 'ConfigMap', { namespace, name }, { data })
}

function workload(
  kind: 'DaemonSet' | 'Deployment' | 'StatefulSet',
  namespace: string,
  name: string,
  {
    labels,
    replicas = 1,
    serviceName,
    podSpec = {},
  }: {
    readonly labels: Record<string, string>
    readonly replicas?: number
    readonly serviceName?: string
    readonly podSpec?: object
  },
): KubeJson {
  return object(
    'apps/v1',
    kind,
    { namespace, name },
    {
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec },
        ...(serviceName === undefined ? {} : { serviceName }),
      },
      status: { replicas, readyReplicas: replicas },
    },
  )
}

export interface PodFields {
  readonly node: string
  readonly ip: string
  readonly labels: Record<string, string>
  readonly owner?: { readonly kind: string; readonly name: string }
  readonly spec?: Record<string, unknown>
  readonly startTime?: string
}

export function pod(namespace: string, name: string, fields: PodFields): KubeJson {
  const { node, ip, labels, owner, spec = {}, startTime = '2026-01-01T00:00:00Z' } = fields
  const ownerReferences = owner === undefined ? [] : [{ apiVersion: 'apps/v1', controller: true, uid: name, ...owner }]
  return object(
    'v1',
    'Pod',
    { namespace, name, labels, ownerReferences },
    {
      spec: {
        nodeName: node,
        dnsPolicy: 'ClusterFirst',
        containers: [{ name: 'main', image: 'example/app:1' }],
        ...spec,
      },
      status: {
        phase: 'Running',
        podIP: ip,
        podIPs: [{ ip }],
        startTime,
        conditions: [
          { type: 'PodScheduled', status: 'True' },
          { type: 'Ready', status: 'True' },
        ],
        containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: {} } }],
      },
    },
  )
}

export function corednsPod(name: string, ip: string, node: string): KubeJson {
  return pod('kube-system', name, {
    node,
    ip,
    labels: { 'k8s-app': 'kube-dns', 'pod-template-hash': '5d78c9869d' },
    owner: { kind: 'ReplicaSet', name: 'coredns-5d78c9869d' },
    spec: {
      dnsPolicy: 'Default',
      containers: [
        { name: 'coredns', image: 'registry.k8s.io/coredns/coredns:v1.11.1', args: ['-conf', '/etc/coredns/Corefile'] },
      ],
      volumes: [{ name: 'config', configMap: { name: 'coredns' } }],
    },
  })
}

function daemonPod(name: string, node: string, spec: Record<string, unknown>): KubeJson {
  return pod('kube-system', `${name}-${node}`, {
    node,
    ip: `192.168.0.1${node.slice(-1)}`,
    labels: { 'k8s-app': name },
    owner: { kind: 'DaemonSet', name },
    spec,
  })
}

function cachePodSpec(): Record<string, unknown> {
  return {
    hostNetwork: true,
    dnsPolicy: 'Default',
    containers: [
      {
        name: 'node-cache',
        image: 'registry.k8s.io/dns/k8s-dns-node-cache:1.22.28',
        args: ['-localip', '169.254.20.10', '-conf', '/etc/Corefile', '-upstreamsvc', 'kube-dns'],
      },
    ],
    volumes: [{ name: 'config', configMap: { name: 'node-local-dns' } }],
  }
}

function proxyPodSpec(): Record<string, unknown> {
  return { hostNetwork: true, containers: [{ name: 'kube-proxy', image: 'registry.k8s.io/kube-proxy:v1.30.2' }] }
}

export interface EndpointFields {
  readonly ip: string
  readonly node?: string
  readonly hostname?: string
  readonly ready?: boolean
}

export function slice(namespace: string, name: string, endpoints: readonly EndpointFields[]): KubeJson {
  return object(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    { namespace, name, labels: { 'kubernetes.io/service-name': name } },
    {
      addressType: 'IPv4',
      ports: [{ name: 'dns', port: 53, protocol: 'UDP' }],
      endpoints: endpoints.map(({ ip, node, hostname, ready = true }) => ({
        addresses: [ip],
        conditions: { ready },
        ...(node === undefined ? {} : { nodeName: node }),
        ...(hostname === undefined ? {} : { hostname }),
      })),
    },
  )
}

/** kubelet's event about nameservers beyond its limit. */
export function nameserverEvent(podName: string, kept: readonly string[]): KubeJson {
  return object(
    'v1',
    'Event',
    { namespace: 'kube-system', name: `${podName}.1` },
    {
      involvedObject: { kind: 'Pod', namespace: 'kube-system', name: podName },
      reason: 'DNSConfigForming',
      message: `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${kept.join(' ')}`,
      type: 'Warning',
      count: 3,
    },
  )
}
