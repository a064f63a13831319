// For every cause one cluster that has it, and near-misses: clusters that look like it and must not be called it.
import type { CauseCode } from '../../src/doctor/causes/index.ts'
import { failingMetrics, silence } from './dns-world.ts'
import type { Fixture, Rule } from './dns-world.ts'
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
  service,
  slice,
  smallCluster,
} from './small-cluster.ts'
import type { SmallCluster } from './small-cluster.ts'

export interface NearMiss {
  /** What is there instead, for the test's title. */
  readonly title: string
  readonly make: () => Fixture
  /** How the cause may be mentioned; default: neither as a cause nor as an observation, proven or suspected. */
  readonly allowed?: 'observation' | 'suspected'
}

export interface CauseFixtures {
  readonly has: () => Fixture
  /** Whether the cause is the verdict there; default true. */
  readonly isVerdict?: boolean
  readonly nearMisses: readonly [NearMiss, ...NearMiss[]]
}

const DEAD = '1.2.4.8'
const NODE_IPS = { node1: '192.168.0.11', node2: '192.168.0.12', node3: '192.168.0.13' } as const

export const CAUSE_FIXTURES: Readonly<Record<CauseCode, CauseFixtures>> = {
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
  'service-ip-unreachable': {
    has: () => serviceIpDead(),
    nearMisses: [
      {
        title: 'only UDP to the Service IP is lost',
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
        title: 'kube-proxy is well: the Service IP is dead for a reason that was not seen',
        allowed: 'suspected',
        make: () => ({ cluster: smallCluster(), rules: [silence(DNS_IP, ({ node }) => node === 'node1')] }),
      },
    ],
  },
  'dns-pods-pending': {
    has: () => {
      const cluster = smallCluster()
      for (const name of Object.keys(REPLICAS)) setUnscheduled(cluster, name)
      setEndpoints(cluster, [])
      return { cluster, rules: [refuseService, refuseClusterNames] }
    },
    nearMisses: [
      {
        title: 'the pods run and are not ready',
        make: () => ({ cluster: withoutReadyReplicas(), rules: [refuseService, silenceReplicas, refuseClusterNames] }),
      },
      {
        title: 'one of two is pending and DNS works',
        allowed: 'observation',
        make: () => {
          const cluster = smallCluster()
          setUnscheduled(cluster, 'coredns-b')
          setEndpoints(cluster, [{ ip: REPLICAS['coredns-a'], node: 'node1' }])
          return { cluster }
        },
      },
    ],
  },
  'replicas-on-one-node': {
    has: () => {
      const cluster = onOneNode()
      const node = findObject(cluster, 'Node', 'node1')
      replace(node, 'status', { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] })
      return { cluster, rules: [silence(DNS_IP), silenceReplicas, clusterNamesFailThroughCache] }
    },
    nearMisses: [
      {
        title: 'they are on one node and everything works',
        allowed: 'observation',
        make: () => ({ cluster: onOneNode() }),
      },
      {
        title: 'they are on two nodes and one of them is down',
        make: () => {
          const cluster = smallCluster()
          replace(findObject(cluster, 'Node', 'node1'), 'status', { conditions: [{ type: 'Ready', status: 'False' }] })
          return { cluster, rules: [silence(REPLICAS['coredns-a'])] }
        },
      },
    ],
  },
  'replica-answers-differ': {
    has: () => ({ cluster: withOlderReplica(), rules: [staleReplica({ soaTtl: 30 })] }),
    nearMisses: [
      {
        title: 'its answer has aged in a cache',
        allowed: 'suspected',
        make: () => ({ cluster: withOlderReplica(), rules: [staleReplica({ soaTtl: 3 })] }),
      },
      {
        title: 'one replica is silent',
        make: () => ({ cluster: smallCluster(), rules: [silence(REPLICAS['coredns-b'])] }),
      },
      {
        title: 'external names rotate',
        make: () => ({ cluster: smallCluster(), rules: [rotatingExternalName()] }),
      },
    ],
  },
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
  'headless-service-no-endpoints': {
    has: () => {
      const cluster = smallCluster()
      setNotReady(cluster, 'db-0')
      setSlice(cluster, 'db', [{ ip: '10.244.3.9', node: 'node3', hostname: 'db-0', ready: false }])
      return { cluster, name: 'db.db.svc.cluster.local' }
    },
    nearMisses: [
      {
        title: 'the Service has a cluster IP and no endpoint: not a matter of DNS',
        make: () => {
          const cluster = smallCluster()
          replace(findObject(cluster, 'Service', 'db'), 'spec', { clusterIP: '10.96.7.7', clusterIPs: ['10.96.7.7'] })
          setSlice(cluster, 'db', [])
          return { cluster, name: 'db.db.svc.cluster.local' }
        },
      },
      { title: 'the name is a pod directly below the namespace', make: () => podName() },
      { title: "the StatefulSet's Service is missing", make: () => missingService() },
    ],
  },
  'statefulset-service-name-wrong': {
    has: () => missingService(),
    nearMisses: [
      { title: 'the name has no Service label', make: () => podName() },
      {
        title: 'the Service is right and the pod is not ready',
        make: () => {
          const cluster = smallCluster()
          setNotReady(cluster, 'db-0')
          setSlice(cluster, 'db', [{ ip: '10.244.3.9', node: 'node3', hostname: 'db-0', ready: false }])
          return { cluster, name: 'db-0.db.db.svc.cluster.local' }
        },
      },
    ],
  },
  'pod-name-is-not-a-service': {
    has: () => podName(),
    nearMisses: [
      {
        title: 'a Service of that name exists',
        make: () => {
          const cluster = smallCluster()
          cluster.objects.push(service('db', 'db-0', { clusterIP: '10.96.7.8', ports: [], selector: { app: 'db' } }))
          return { cluster, name: 'db-0.db.svc.cluster.local' }
        },
      },
      {
        title: 'no pod of that name exists',
        make: () => ({ cluster: smallCluster(), name: 'db-7.db.svc.cluster.local' }),
      },
      { title: "the StatefulSet's Service is missing", make: () => missingService() },
    ],
  },
}

// --- Faults ---

function serviceIpDead(): Fixture {
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

function deadUpstream(): Fixture {
  const cluster = smallCluster()
  setNameservers(cluster, 'node2', [UPSTREAMS[0], DEAD])
  return { cluster, rules: [silence(DEAD), failingMetrics([REPLICAS['coredns-b'], NODE_IPS.node2], DEAD)] }
}

/** A private resolver beside a public one, which denies what only the first knows. */
function notEquivalent(): Fixture {
  const cluster = smallCluster()
  for (const node of ['node1', 'node2', 'node3']) setNameservers(cluster, node, [UPSTREAMS[0], '8.8.8.8'])
  return {
    cluster,
    name: 'git.corp.example.',
    rules: [denyAt(['8.8.8.8', REPLICAS['coredns-b']], 'git.corp.example.')],
  }
}

function podName(): Fixture {
  return { cluster: smallCluster(), name: 'db-0.db.svc.cluster.local' }
}

function missingService(): Fixture {
  const cluster = smallCluster()
  removeObject(cluster, 'Service', 'db')
  removeObject(cluster, 'EndpointSlice', 'db')
  return { cluster, name: 'db-0.db.db.svc.cluster.local' }
}

function onOneNode(): SmallCluster {
  const cluster = smallCluster()
  replace(findObject(cluster, 'Pod', 'coredns-b'), 'spec', { nodeName: 'node1' })
  setEndpoints(
    cluster,
    Object.values(REPLICAS).map((ip) => ({ ip, node: 'node1' })),
  )
  return cluster
}

function withOlderReplica(): SmallCluster {
  const cluster = smallCluster()
  removeObject(cluster, 'Pod', 'coredns-b')
  const older = corednsPod('coredns-b', REPLICAS['coredns-b'], 'node2')
  replace(older, 'status', { startTime: '2025-11-01T00:00:00Z' })
  cluster.objects.push(older)
  return cluster
}

function withoutReadyReplicas(): SmallCluster {
  const cluster = smallCluster()
  for (const name of Object.keys(REPLICAS)) setNotReady(cluster, name)
  setEndpoints(
    cluster,
    Object.values(REPLICAS).map((ip) => ({ ip, ready: false })),
  )
  return cluster
}

function setNotReady(cluster: SmallCluster, podName: string): void {
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

function setUnscheduled(cluster: SmallCluster, podName: string): void {
  const pod = findObject(cluster, 'Pod', podName)
  const message = '0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.'
  replace(pod, 'spec', { nodeName: undefined })
  pod['status'] = {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
  }
}

function setEndpoints(cluster: SmallCluster, endpoints: Parameters<typeof slice>[2]): void {
  setSlice(cluster, 'kube-dns', endpoints)
}

function setSlice(cluster: SmallCluster, name: string, endpoints: Parameters<typeof slice>[2]): void {
  const { namespace } = findObject(cluster, 'EndpointSlice', name).metadata as { namespace: string }
  removeObject(cluster, 'EndpointSlice', name)
  cluster.objects.push(slice(namespace, name, endpoints))
}

function setNameservers(cluster: SmallCluster, node: string, nameservers: readonly string[]): void {
  cluster.files[`${node}:${RESOLV_CONF}`] = nameservers.map((address) => `nameserver ${address}\n`).join('')
}

// --- Rules ---

const refuseService: Rule = ({ to, transport }) => (to === DNS_IP && transport !== 'http' ? 'refused' : undefined)

const silenceReplicas: Rule = ({ to }) => (Object.values<string>(REPLICAS).includes(to) ? 'silent' : undefined)

/** A node cache that cannot reach the DNS Service says SERVFAIL to the cluster's names. */
const refuseClusterNames: Rule = ({ to, name, transport }) =>
  to === '169.254.20.10' && transport !== 'http' && /(cluster\.local|arpa)\.$/.test(name)
    ? { rcode: 'SERVFAIL' }
    : undefined

const clusterNamesFailThroughCache = refuseClusterNames

function clusterSilentFrom(node: string): Rule {
  const addresses: readonly string[] = [DNS_IP, ...Object.values(REPLICAS)]
  return (ask) => (ask.node === node && ask.transport !== 'http' && addresses.includes(ask.to) ? 'silent' : undefined)
}

function staleReplica({ soaTtl }: { readonly soaTtl: number }): Rule {
  return ({ to, type }) => (to === REPLICAS['coredns-b'] && type === 'PTR' ? { rcode: 'NXDOMAIN', soaTtl } : undefined)
}

function rotatingExternalName(): Rule {
  let turn = 0
  return ({ name, type }) => {
    if (name !== 'example.com.' || type !== 'A') return undefined
    turn += 1
    return { rcode: 'NOERROR', answers: [`192.0.2.${turn % 200}`] }
  }
}

function denyAt(servers: readonly string[], denied: string): Rule {
  return ({ to, name, transport }) =>
    transport !== 'http' && name === denied && servers.includes(to) ? { rcode: 'NXDOMAIN', soaTtl: 300 } : undefined
}

function refuseHttp(address: string, port: number): Rule {
  return (ask) => (ask.to === address && ask.port === port ? 'refused' : undefined)
}
