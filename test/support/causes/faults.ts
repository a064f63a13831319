// Faults that fixtures of several groups share: changes of the small cluster and rules of its network.
import {
  DNS_IP,
  REPLICAS,
  RESOLV_CONF,
  UPSTREAMS,
  corednsPod,
  findObject,
  nameserverEvent,
  removeObject,
  replace,
  slice,
  smallCluster,
} from '../small-cluster.ts'
import type { SmallCluster } from '../small-cluster.ts'
import { failingMetrics, silence } from '../dns-world.ts'
import type { Fixture, Rule } from '../dns-world.ts'

export const DEAD = '1.2.4.8'
/** Node of a replica by the replica's address. */
export const NODE_OF: Readonly<Record<string, string>> = {
  [REPLICAS['coredns-a']]: 'node1',
  [REPLICAS['coredns-b']]: 'node2',
}
export const NODE_IPS = { node1: '192.168.0.11', node2: '192.168.0.12', node3: '192.168.0.13' } as const

// --- Faults ---

export function serviceIpDead(): Fixture {
  const cluster = smallCluster()
  setNotReady(cluster, 'kube-proxy-node1')
  return { cluster, rules: [silence(DNS_IP, ({ node }) => node === 'node1'), refuseHttp(NODE_IPS.node1, 10_256)] }
}

/** As a workstation sees it: no node's file, but the event. */
export function withEventOnly(): SmallCluster {
  const cluster = smallCluster()
  cluster.objects.push(nameserverEvent('node-local-dns-node3', [...UPSTREAMS, '10.0.0.4']))
  return { ...cluster, files: {} }
}

export function deadUpstream(): Fixture {
  const cluster = smallCluster()
  setNameservers(cluster, 'node2', [UPSTREAMS[0], DEAD])
  return { cluster, rules: [silence(DEAD), failingMetrics([REPLICAS['coredns-b'], NODE_IPS.node2], DEAD)] }
}

/** A private resolver beside a public one, which denies what only the first knows. */
export function notEquivalent(): Fixture {
  const cluster = smallCluster()
  for (const node of ['node1', 'node2', 'node3']) setNameservers(cluster, node, [UPSTREAMS[0], '8.8.8.8'])
  return {
    cluster,
    name: 'git.corp.example.',
    rules: [denyAt(['8.8.8.8', REPLICAS['coredns-b']], 'git.corp.example.')],
  }
}

export function podName(): Fixture {
  return { cluster: smallCluster(), name: 'db-0.db.svc.cluster.local' }
}

export function missingService(): Fixture {
  const cluster = smallCluster()
  removeObject(cluster, 'Service', 'db')
  removeObject(cluster, 'EndpointSlice', 'db')
  return { cluster, name: 'db-0.db.db.svc.cluster.local' }
}

export function onOneNode(): SmallCluster {
  const cluster = smallCluster()
  replace(findObject(cluster, 'Pod', 'coredns-b'), 'spec', { nodeName: 'node1' })
  setEndpoints(
    cluster,
    Object.values(REPLICAS).map((ip) => ({ ip, node: 'node1' })),
  )
  return cluster
}

export function withOlderReplica(): SmallCluster {
  const cluster = smallCluster()
  removeObject(cluster, 'Pod', 'coredns-b')
  const older = corednsPod('coredns-b', REPLICAS['coredns-b'], 'node2')
  replace(older, 'status', { startTime: '2025-11-01T00:00:00Z' })
  cluster.objects.push(older)
  return cluster
}

export function withoutReadyReplicas(): SmallCluster {
  const cluster = smallCluster()
  for (const name of Object.keys(REPLICAS)) setNotReady(cluster, name)
  setEndpoints(
    cluster,
    Object.values(REPLICAS).map((ip) => ({ ip, ready: false })),
  )
  return cluster
}

export function setNotReady(cluster: SmallCluster, podName: string): void {
  replace(findObject(cluster, 'Pod', podName), 'status', {
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'False' },
    ],
    containerStatuses: [
      { name: 'main', ready: false, restartCount: 7, state: { waiting: { reason: 'CrashLoopBackOff' } } },
    ],
  })
}

export function setUnscheduled(cluster: SmallCluster, podName: string): void {
  const pod = findObject(cluster, 'Pod', podName)
  const message = '0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.'
  replace(pod, 'spec', { nodeName: undefined })
  pod['status'] = {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
  }
}

export function setEndpoints(cluster: SmallCluster, endpoints: Parameters<typeof slice>[2]): void {
  setSlice(cluster, 'kube-dns', endpoints)
}

export function setSlice(cluster: SmallCluster, name: string, endpoints: Parameters<typeof slice>[2]): void {
  const { namespace } = findObject(cluster, 'EndpointSlice', name).metadata as { namespace: string }
  removeObject(cluster, 'EndpointSlice', name)
  cluster.objects.push(slice(namespace, name, endpoints))
}

export function setNameservers(cluster: SmallCluster, node: string, nameservers: readonly string[]): void {
  cluster.files[`${node}:${RESOLV_CONF}`] = nameservers.map((address) => `nameserver ${address}\n`).join('')
}

/** Edits the Corefile of CoreDNS. */
export function editCorefile(cluster: SmallCluster, edit: (text: string) => string): void {
  const map = findObject(cluster, 'ConfigMap', 'coredns')
  map['data'] = { Corefile: edit((map['data'] as { Corefile: string }).Corefile) }
}

/** When a ConfigMap was changed last. */
export function setChanged(cluster: SmallCluster, name: string, time: string): void {
  replace(findObject(cluster, 'ConfigMap', name), 'metadata', { managedFields: [{ manager: 'kubectl-edit', time }] })
}

/** Every CoreDNS pod ends as soon as it starts, with this line in its log. */
export function crashing(cluster: SmallCluster, logged: string | undefined): Fixture {
  for (const name of Object.keys(REPLICAS)) setNotReady(cluster, name)
  setEndpoints(
    cluster,
    Object.values(REPLICAS).map((ip) => ({ ip, ready: false })),
  )
  const entries =
    logged === undefined ? [] : Object.keys(REPLICAS).map((name) => [`kube-system/${name} previous`, logged])
  return {
    cluster,
    logs: Object.fromEntries(entries) as Record<string, string>,
    rules: [refuseService, silenceReplicas, refuseClusterNames],
  }
}

/** systemd-resolved's stub in the file that kubelet hands out, and CoreDNS that notices. */
export function loopingCoreDns(): Fixture {
  const cluster = smallCluster()
  for (const node of ['node1', 'node2']) setNameservers(cluster, node, ['127.0.0.53'])
  return crashing(cluster, LOOP_LINE)
}

/** CoreDNS's last words when it met its own query. */
export const LOOP_LINE =
  '[FATAL] plugin/loop: Loop (127.0.0.1:55953 -> :53) detected for zone ".", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO 4547991504243258144.3688648895315093531."\n'

/** A directive that went with CoreDNS 1.5.0. */
export function removedDirective(): Fixture {
  const cluster = smallCluster()
  editCorefile(cluster, (text) => text.replace('forward .', 'proxy .'))
  return crashing(cluster, "/etc/coredns/Corefile:13 - Error during parsing: Unknown directive 'proxy'\n")
}

/** A directive that nobody has: one replica was started since, the other runs with the Corefile from before. */
export function invalidCorefile(): Fixture {
  const cluster = smallCluster()
  editCorefile(cluster, (text) => text.replace('cache 30', 'cachee 30'))
  setNotReady(cluster, 'coredns-b')
  const why = "/etc/coredns/Corefile:14 - Error during parsing: Unknown directive 'cachee'"
  return {
    cluster,
    logs: {
      'kube-system/coredns-a': `[WARNING] plugin/reload: Corefile parse failed: ${why}\n`,
      'kube-system/coredns-b previous': `${why}\n`,
    },
    rules: [silence(REPLICAS['coredns-b'])],
  }
}

// --- Rules ---

export const refuseService: Rule = ({ to, transport }) =>
  to === DNS_IP && transport !== 'http' ? 'refused' : undefined

export const silenceReplicas: Rule = ({ to }) => (Object.values<string>(REPLICAS).includes(to) ? 'silent' : undefined)

/** A node cache that cannot reach the DNS Service says SERVFAIL to the cluster's names. */
export const refuseClusterNames: Rule = ({ to, name, transport }) =>
  to === '169.254.20.10' && transport !== 'http' && /(cluster\.local|arpa)\.$/.test(name)
    ? { rcode: 'SERVFAIL' }
    : undefined

export function clusterSilentFrom(node: string): Rule {
  const addresses: readonly string[] = [DNS_IP, ...Object.values(REPLICAS)]
  return (ask) => (ask.node === node && ask.transport !== 'http' && addresses.includes(ask.to) ? 'silent' : undefined)
}

/** Replicas are reached from their own node only; the Service IP from nodes that have one. */
export const betweenNodesSilent: Rule = ({ node, to, transport }) => {
  if (transport === 'http') return undefined
  return (NODE_OF[to] !== undefined && NODE_OF[to] !== node) || (to === DNS_IP && node === 'node3')
    ? 'silent'
    : undefined
}

export function staleReplica({ soaTtl }: { readonly soaTtl: number }): Rule {
  return ({ to, type }) => (to === REPLICAS['coredns-b'] && type === 'PTR' ? { rcode: 'NXDOMAIN', soaTtl } : undefined)
}

export function rotatingExternalName(): Rule {
  let turn = 0
  return ({ name, type }) => {
    if (name !== 'example.com.' || type !== 'A') return undefined
    turn += 1
    return { rcode: 'NOERROR', answers: [`192.0.2.${turn % 200}`] }
  }
}

export function denyAt(servers: readonly string[], denied: string): Rule {
  return ({ to, name, transport }) =>
    transport !== 'http' && name === denied && servers.includes(to) ? { rcode: 'NXDOMAIN', soaTtl: 300 } : undefined
}

export function refuseHttp(address: string, port: number): Rule {
  return (ask) => (ask.to === address && ask.port === port ? 'refused' : undefined)
}
