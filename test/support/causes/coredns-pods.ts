import type { COREDNS_PODS_CODES } from '../../../src/doctor/causes/coredns-pods/codes.ts'
import {
  onOneNode,
  refuseClusterNames,
  refuseService,
  rotatingExternalName,
  setEndpoints,
  setUnscheduled,
  silenceReplicas,
  staleReplica,
  withOlderReplica,
  withoutReadyReplicas,
} from './faults.ts'
import { DNS_IP, REPLICAS, findObject, replace, smallCluster } from '../small-cluster.ts'
import { silence } from '../dns-world.ts'
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
}
