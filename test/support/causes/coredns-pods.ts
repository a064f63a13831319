import type { COREDNS_PODS_CODES } from '../../../src/doctor/causes/coredns-pods/codes.ts'
import {
  editCorefile,
  loopingCoreDns,
  onOneNode,
  refuseHttp,
  refuseClusterNames,
  refuseService,
  rotatingExternalName,
  setEndpoints,
  setNotReady,
  setUnscheduled,
  silenceReplicas,
  staleReplica,
  withOlderReplica,
  withoutReadyReplicas,
} from './faults.ts'
import { DNS_IP, REPLICAS, findObject, replace, smallCluster } from '../small-cluster.ts'
import type { KubeJson, SmallCluster } from '../small-cluster.ts'
import { countingMetrics, silence } from '../dns-world.ts'
import type { Fixture, Rule } from '../dns-world.ts'
import type { GroupFixtures } from './fixture.ts'

export const corednsPods: GroupFixtures<(typeof COREDNS_PODS_CODES)[number]> = {
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
      return { cluster, rules: [silence(DNS_IP), silenceReplicas, refuseClusterNames] }
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
  'coredns-out-of-memory': {
    has: () => outOfMemory(false),
    nearMisses: [
      { title: 'it was long ago', allowed: 'observation', make: () => ({ cluster: outOfMemory(true).cluster }) },
      {
        title: 'it crashes for another reason',
        make: () => ({ ...loopingCoreDns() }),
      },
    ],
  },
  'coredns-cpu-throttled': {
    has: () => throttled({ failures: 1, limit: '100m' }),
    nearMisses: [
      { title: 'there is no limit', allowed: 'suspected', make: () => throttled({ failures: 1 }) },
      {
        title: 'it is slow on a busy node, has no limit and little to do',
        make: () => ({ cluster: smallCluster(), rules: [lostAtB, healthMetrics(0.6, 1, { cpuSeconds: 0.01 })] }),
      },
      {
        title: 'it was slow once, and is not any more',
        make: () => throttled({ failures: 0, limit: '100m', isOver: true }),
      },
      {
        title: 'its health is quick',
        make: () => ({ cluster: smallCluster(), rules: [lostAtB, healthMetrics(0.0005, 0)] }),
      },
    ],
  },
  'api-server-unreachable': {
    has: () => unsynced(DIAL_LINE),
    nearMisses: [
      { title: 'no log tells why', allowed: 'suspected', make: () => unsynced(undefined) },
      { title: 'the API server refuses', make: () => unsynced(FORBIDDEN_LINE) },
      { title: 'they crash for a loop', make: loopingCoreDns },
    ],
  },
  'endpointslice-access-forbidden': {
    has: () => {
      const fixture = unsynced(FORBIDDEN_LINE)
      addRole(fixture.cluster, [])
      return fixture
    },
    nearMisses: [
      {
        title: 'the role has the rule by now',
        make: () => {
          const fixture = unsynced(FORBIDDEN_LINE)
          addRole(fixture.cluster, [
            { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
          ])
          return fixture
        },
      },
      {
        title: 'the role has no such rule and CoreDNS does not need it',
        make: () => {
          const cluster = smallCluster()
          addRole(cluster, [])
          return { cluster }
        },
      },
      { title: 'the API server cannot be reached', make: () => unsynced(DIAL_LINE) },
    ],
  },
  'readiness-probe-on-health': {
    has: () => probedTooEarly('/health'),
    nearMisses: [
      {
        title: 'nothing fails',
        allowed: 'observation',
        make: () => ({ cluster: probedTooEarly('/health').cluster }),
      },
      { title: 'the probe asks /ready', make: () => probedTooEarly('/ready') },
    ],
  },
  'lameduck-missing-or-too-long': {
    has: () => leaving((text) => text.replace('        lameduck 5s\n', '')),
    nearMisses: [
      {
        title: 'no pod is ending',
        allowed: 'observation',
        make: () => {
          const cluster = smallCluster()
          editCorefile(cluster, (text) => text.replace('lameduck 5s', 'lameduck 30s'))
          return { cluster }
        },
      },
      { title: 'it has lameduck', make: () => leaving((text) => text) },
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
  'coredns-sockets-exhausted': {
    has: () => exhausted(1048000),
    nearMisses: [
      { title: 'there are descriptors left', allowed: 'suspected', make: () => exhausted(40) },
      { title: 'SERVFAIL has another reason', make: () => ({ cluster: smallCluster(), rules: [servfailOutside] }) },
    ],
  },
}

const B = REPLICAS['coredns-b']
/** All that a ladder asks for at once. */
const FIRST_CONNECTIONS = 8
const DIAL_LINE =
  '[ERROR] plugin/kubernetes: Failed to watch *v1.Service: Get "https://10.96.0.1:443/api/v1/services": dial tcp 10.96.0.1:443: i/o timeout\n'
const FORBIDDEN_LINE =
  'E0102 00:00:00.000000 1 reflector.go:138] failed to list *v1.EndpointSlice: endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:kube-system:coredns" cannot list resource "endpointslices" in API group "discovery.k8s.io" at the cluster scope\n'

function outOfMemory(isReady: boolean): Fixture {
  const cluster = smallCluster()
  if (!isReady) setNotReady(cluster, 'coredns-b')
  const lastState = { terminated: { reason: 'OOMKilled', exitCode: 137 } }
  const state = isReady ? { running: {} } : { waiting: { reason: 'CrashLoopBackOff' } }
  const pod = findObject(cluster, 'Pod', 'coredns-b')
  replace(pod, 'status', {
    containerStatuses: [{ name: 'coredns', ready: isReady, restartCount: 4, state, lastState }],
  })
  changeContainer(pod, { resources: { limits: { memory: '170Mi' } } })
  return { cluster, rules: [silence(B)] }
}

const lostAtB: Rule = ({ to, type, transport }) =>
  to === B && type === 'PTR' && transport === 'udp' ? 'silent' : undefined

function healthMetrics(
  seconds: number,
  failures: number,
  { secondsBefore = 9, failuresBefore = 0, cpuSeconds = 2 } = {},
): Rule {
  return countingMetrics([B], (reading) => ({
    coredns_health_request_duration_seconds_sum: secondsBefore + seconds * reading,
    coredns_health_request_duration_seconds_count: 900 + reading,
    coredns_health_request_failures_total: failuresBefore + failures * reading,
    process_cpu_seconds_total: 100 + cpuSeconds * reading,
    'coredns_dns_requests_total{proto="udp",type="A"}': 100_000 + 4000 * reading,
  }))
}

function throttled({
  failures,
  limit,
  isOver = false,
}: {
  readonly failures: number
  readonly limit?: string
  readonly isOver?: boolean
}): Fixture {
  const cluster = smallCluster()
  if (limit !== undefined) {
    changeContainer(findObject(cluster, 'Pod', 'coredns-b'), { resources: { limits: { cpu: limit } } })
  }
  return {
    cluster,
    rules: [
      lostAtB,
      isOver
        ? healthMetrics(0.001, failures, { secondsBefore: 900, failuresBefore: 30 })
        : healthMetrics(0.6, failures),
    ],
  }
}

/** No replica has the cluster's objects: none is ready, and the Service has nobody. */
function unsynced(logged: string | undefined): Fixture {
  const cluster = smallCluster()
  for (const name of Object.keys(REPLICAS)) {
    const pod = findObject(cluster, 'Pod', name)
    replace(pod, 'spec', { serviceAccountName: 'coredns' })
    replace(pod, 'status', { conditions: [{ type: 'Ready', status: 'False' }] })
  }
  setEndpoints(
    cluster,
    Object.values(REPLICAS).map((ip) => ({ ip, ready: false })),
  )
  const entries = logged === undefined ? [] : Object.keys(REPLICAS).map((name) => [`kube-system/${name}`, logged])
  return {
    cluster,
    rules: [refuseService, refuseClusterNames, ...Object.values(REPLICAS).map(waitsForObjects)],
    logs: Object.fromEntries(entries) as Record<string, string>,
  }
}

function waitsForObjects(server: string): Rule {
  return ({ to, name, transport }) => {
    if (to !== server) return undefined
    if (transport === 'http') return name === '/ready' ? { status: 503, body: 'kubernetes' } : undefined
    return /(cluster\.local|arpa)\.$/.test(name) ? { rcode: 'SERVFAIL' } : undefined
  }
}

function addRole(cluster: SmallCluster, more: readonly object[]): void {
  const rules = [
    { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
  ]
  cluster.objects.push(
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:coredns' },
      rules: [...rules, ...more],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'system:coredns' },
      roleRef: { kind: 'ClusterRole', name: 'system:coredns' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'kube-system', name: 'coredns' }],
    },
  )
}

/** A replica that kubelet sends queries to before it has the objects. */
function probedTooEarly(path: string): Fixture {
  const cluster = smallCluster()
  for (const name of Object.keys(REPLICAS)) {
    const port = path === '/ready' ? 8181 : 8080
    changeContainer(findObject(cluster, 'Pod', name), { readinessProbe: { httpGet: { path, port } } })
  }
  return { cluster, rules: [waitsForObjects(B)] }
}

function leaving(edit: (text: string) => string): Fixture {
  const cluster = smallCluster()
  editCorefile(cluster, edit)
  replace(findObject(cluster, 'Pod', 'coredns-b'), 'metadata', { deletionTimestamp: '2026-01-01T23:59:58Z' })
  return { cluster, rules: [silence(B), refuseHttp(B, 8181)] }
}

const servfailOutside: Rule = ({ to, name, transport }) =>
  to === B && transport !== 'http' && name === 'example.com.' ? { rcode: 'SERVFAIL' } : undefined

export function exhausted(open: number): Fixture {
  let connections = 0
  // It has no socket for the first connections: its metrics come when they are asked for again.
  const unconnected: Rule = ({ to, transport }) => {
    if (to !== B || transport === 'udp') return undefined
    connections += 1
    return connections > FIRST_CONNECTIONS ? undefined : 'closed'
  }
  return {
    cluster: smallCluster(),
    rules: [
      unconnected,
      servfailOutside,
      countingMetrics([B], () => ({ process_open_fds: open, process_max_fds: 1048576 })),
    ],
    logs: {
      'kube-system/coredns-b':
        '[ERROR] plugin/errors: 2 example.com. A: dial udp 10.0.0.2:53: socket: too many open files\n',
    },
  }
}

function changeContainer(pod: KubeJson, fields: object): void {
  const { containers } = pod['spec'] as { containers: object[] }
  replace(pod, 'spec', { containers: containers.map((container) => ({ ...container, ...fields })) })
}
