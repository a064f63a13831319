import type { RECORDS_CODES } from '../../../src/doctor/causes/records/codes.ts'
import { editCorefile, missingService, podName, setNotReady, setSlice } from './faults.ts'
import { REPLICAS, UPSTREAMS, findObject, pod, replace, service, slice, smallCluster } from '../small-cluster.ts'
import type { SmallCluster } from '../small-cluster.ts'
import { silence } from '../dns-world.ts'
import type { Fixture, Reply, Rule } from '../dns-world.ts'
import type { GroupFixtures } from './fixture.ts'

/** A Deployment's pod behind a headless Service: no hostname, no subdomain. */
function deploymentPod(): Fixture {
  const cluster = smallCluster()
  cluster.objects.push(
    service('default', 'web', { clusterIP: 'None', ports: [httpPort('http')], selector: { app: 'web' } }),
    pod('default', 'web-7d4b9-x2', {
      node: 'node1',
      ip: '10.244.1.40',
      labels: { app: 'web' },
      owner: { kind: 'ReplicaSet', name: 'web-7d4b9' },
    }),
    slice('default', 'web', [{ ip: '10.244.1.40', node: 'node1' }]),
  )
  return { cluster, name: 'web-7d4b9-x2.web.default.svc.cluster.local' }
}

function httpPort(name: string): object {
  return { name, port: 80, protocol: 'TCP' }
}

function withWeb(ports: readonly object[], name: string): Fixture {
  const cluster = smallCluster()
  cluster.objects.push(service('default', 'web', { clusterIP: '10.96.4.4', ports, selector: { app: 'web' } }))
  return { cluster, name }
}

/** ExternalName Services of the namespace default: name -> target. */
function withExternalNames(targets: Readonly<Record<string, string>>): SmallCluster {
  const cluster = smallCluster()
  for (const [name, externalName] of Object.entries(targets)) {
    cluster.objects.push(service('default', name, { type: 'ExternalName', externalName }))
  }
  return cluster
}

/** A pod that two Services select. */
function selectedTwice(): SmallCluster {
  const cluster = smallCluster()
  cluster.objects.push(
    service('db', 'db-announce-0', { clusterIP: '10.96.7.9', ports: [httpPort('sql')], selector: { app: 'db' } }),
    slice('db', 'db-announce-0', [{ ip: '10.244.3.9', node: 'node3' }]),
  )
  return cluster
}

/** Servers that give one PTR record only, as those before and of some versions do. */
const firstPointerOnly: Rule = ({ transport, type, name }) =>
  transport !== 'http' && type === 'PTR' && name === '9.3.244.10.in-addr.arpa.'
    ? { rcode: 'NOERROR', answers: ['db-0.db.db.svc.cluster.local.'] }
    : undefined

function aaaaAt(addresses: readonly string[], reply: Reply): Rule {
  return ({ to, transport, type, name }) =>
    transport !== 'http' && type === 'AAAA' && name === 'example.com.' && addresses.includes(to) ? reply : undefined
}

function withOption(option: string): SmallCluster {
  const cluster = smallCluster()
  editCorefile(cluster, (text) => text.replace('pods insecure', `pods insecure\n        ${option}`))
  return cluster
}

export const records: GroupFixtures<(typeof RECORDS_CODES)[number]> = {
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
  'pod-hostname-unset': {
    has: () => deploymentPod(),
    nearMisses: [
      { title: "the StatefulSet's Service is missing", make: () => missingService() },
      {
        title: 'the pod is not behind the Service',
        make: () => {
          const fixture = deploymentPod()
          setSlice(fixture.cluster, 'web', [{ ip: '10.244.1.41', node: 'node1' }])
          return fixture
        },
      },
      {
        title: 'endpoints are named after their pods',
        make: () => {
          const { cluster, ...rest } = deploymentPod()
          const targets = { kind: 'Pod', namespace: 'default', name: 'web-7d4b9-x2' }
          const endpoints = findObject(cluster, 'EndpointSlice', 'web')['endpoints'] as Record<string, unknown>[]
          for (const endpoint of endpoints) endpoint['targetRef'] = targets
          editCorefile(cluster, (text) => text.replace('pods insecure', 'pods insecure\n        endpoint_pod_names'))
          return { cluster, ...rest }
        },
      },
    ],
  },
  'srv-port-name-mismatch': {
    has: () => withWeb([httpPort('web')], '_http._tcp.web.default.svc.cluster.local'),
    nearMisses: [
      {
        title: 'the port has that name',
        make: () => withWeb([httpPort('http')], '_http._tcp.web.default.svc.cluster.local'),
      },
      { title: 'there is no such Service', make: () => withWeb([], '_http._tcp.shop.default.svc.cluster.local') },
      { title: 'the name asks for no port', make: () => podName() },
    ],
  },
  'external-name-loop': {
    has: () => ({
      cluster: withExternalNames({ a: 'b.default.svc.cluster.local', b: 'a.default.svc.cluster.local' }),
      name: 'a.default.svc.cluster.local',
    }),
    nearMisses: [
      {
        title: 'one ExternalName leads over another one to a name outside',
        make: () => ({
          cluster: withExternalNames({ a: 'b.default.svc.cluster.local', b: 'example.org' }),
          name: 'a.default.svc.cluster.local',
        }),
      },
      {
        title: 'no name was asked about: nobody may use them',
        allowed: 'observation',
        make: () => ({
          cluster: withExternalNames({ a: 'b.default.svc.cluster.local', b: 'a.default.svc.cluster.local' }),
        }),
      },
      {
        title: 'the name it leads to does not exist',
        make: () => ({
          cluster: withExternalNames({ a: 'nothing.default.svc.cluster.local' }),
          name: 'a.default.svc.cluster.local',
        }),
      },
    ],
  },
  'external-name-is-ip': {
    has: () => ({ cluster: withExternalNames({ old: '192.0.2.7' }), name: 'old.default.svc.cluster.local' }),
    nearMisses: [
      {
        title: 'it is a name that begins with an address',
        make: () => ({
          cluster: withExternalNames({ old: '192.0.2.7.example.org' }),
          name: 'old.default.svc.cluster.local',
        }),
      },
      {
        title: 'another Service has an address there',
        make: () => ({ cluster: withExternalNames({ old: '192.0.2.7' }), name: 'db-0.db.svc.cluster.local' }),
      },
      {
        title: 'no name was asked about',
        allowed: 'observation',
        make: () => ({ cluster: withExternalNames({ old: '192.0.2.7' }) }),
      },
    ],
  },
  'pod-records-disabled': {
    has: () => {
      const cluster = smallCluster()
      editCorefile(cluster, (text) => text.replace('        pods insecure\n', ''))
      return { cluster, name: '10-244-3-9.db.pod.cluster.local' }
    },
    nearMisses: [
      {
        title: 'no pod of the namespace has the address (pods verified)',
        make: () => {
          const cluster = smallCluster()
          editCorefile(cluster, (text) => text.replace('pods insecure', 'pods verified'))
          return { cluster, name: '10-244-3-99.db.pod.cluster.local' }
        },
      },
      {
        title: 'such names are given',
        make: () => ({ cluster: smallCluster(), name: '10-244-3-9.db.pod.cluster.local' }),
      },
      { title: 'the name is a pod directly below the namespace', make: () => podName() },
    ],
  },
  'multiple-ptr-records': {
    has: () => ({ cluster: selectedTwice(), name: '10.244.3.9', rules: [firstPointerOnly] }),
    nearMisses: [
      {
        title: 'servers give all of them: nothing fails',
        allowed: 'observation',
        make: () => ({ cluster: selectedTwice(), name: '10.244.3.9' }),
      },
      { title: 'one Service selects the pod', make: () => ({ cluster: smallCluster(), name: '10.244.3.9' }) },
      {
        title: 'the answers are something else',
        allowed: 'observation',
        make: () => ({
          cluster: selectedTwice(),
          name: '10.244.3.9',
          rules: [({ type }) => (type === 'PTR' ? { rcode: 'NOERROR', answers: ['odd.example.'] } : undefined)],
        }),
      },
    ],
  },
  'aaaa-nxdomain-not-nodata': {
    has: () => ({
      cluster: smallCluster(),
      rules: [aaaaAt([UPSTREAMS[0], ...Object.values(REPLICAS)], { rcode: 'NXDOMAIN', soaTtl: 60 })],
    }),
    nearMisses: [
      {
        title: 'NODATA says that there is no AAAA record',
        make: () => ({
          cluster: smallCluster(),
          rules: [aaaaAt([...UPSTREAMS, ...Object.values(REPLICAS)], { rcode: 'NOERROR', soaTtl: 60 })],
        }),
      },
      {
        title: 'AAAA questions bring no response',
        make: () => ({ cluster: smallCluster(), rules: [aaaaAt([UPSTREAMS[0]], 'silent')] }),
      },
      {
        title: 'the name does not exist at all',
        make: () => ({
          cluster: smallCluster(),
          rules: [({ name }) => (name === 'example.com.' ? { rcode: 'NXDOMAIN', soaTtl: 60 } : undefined)],
        }),
      },
      {
        title: 'a cache still holds the A record of a name that its server denies altogether',
        make: () => ({
          cluster: smallCluster(),
          name: 'db.db.svc.cluster.local',
          rules: [
            ({ to, name, type, transport }) => {
              if (transport === 'http' || name !== 'db.db.svc.cluster.local.') return undefined
              if (to === '169.254.20.10' && type === 'A') return { rcode: 'NOERROR', answers: ['10.244.3.3'], ttl: 3 }
              return { rcode: 'NXDOMAIN', soaTtl: 5 }
            },
          ],
        }),
      },
      {
        title: 'the upstream is silent',
        make: () => ({ cluster: smallCluster(), rules: [silence(UPSTREAMS[0])] }),
      },
    ],
  },
  'namespace-not-served': {
    has: () => ({ cluster: withOption('namespaces default kube-system'), name: 'db.db.svc.cluster.local' }),
    nearMisses: [
      {
        title: 'the namespace is among those served',
        make: () => ({ cluster: withOption('namespaces default kube-system db'), name: 'db-7.db.svc.cluster.local' }),
      },
      {
        title: 'the namespace does not exist',
        make: () => ({ cluster: withOption('namespaces default kube-system db'), name: 'web.shop.svc.cluster.local' }),
      },
      {
        title: 'no name was asked about: somebody may have meant it',
        allowed: 'observation',
        make: () => ({ cluster: withOption('namespaces default kube-system') }),
      },
    ],
  },
  'ip-family-missing': {
    has: () => ({ cluster: smallCluster(), name: 'kubernetes.default.svc.cluster.local', type: 'AAAA' }),
    nearMisses: [
      {
        title: 'servers deny the name',
        allowed: 'suspected',
        make: () => ({
          cluster: smallCluster(),
          name: 'kubernetes.default.svc.cluster.local',
          type: 'AAAA',
          rules: [({ type }) => (type === 'AAAA' ? { rcode: 'NXDOMAIN', soaTtl: 30 } : undefined)],
        }),
      },
      {
        title: 'there is no such Service',
        make: () => ({ cluster: smallCluster(), name: 'web.default.svc.cluster.local', type: 'AAAA' }),
      },
      {
        title: 'the Service has addresses of both families',
        make: () => {
          const cluster = smallCluster()
          replace(findObject(cluster, 'Service', 'kubernetes'), 'spec', {
            clusterIPs: ['10.96.0.1', 'fd00::1'],
            ipFamilies: ['IPv4', 'IPv6'],
          })
          return { cluster, name: 'kubernetes.default.svc.cluster.local', type: 'AAAA' }
        },
      },
    ],
  },
}
