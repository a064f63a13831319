import type { SERVICE_CODES } from '../../../src/doctor/causes/service/codes.ts'
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
import { DNS_IP, REPLICAS, findObject, replace, smallCluster } from '../small-cluster.ts'
import { silence } from '../dns-world.ts'
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
}
