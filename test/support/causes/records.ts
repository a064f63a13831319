import type { RECORDS_CODES } from '../../../src/doctor/causes/records/codes.ts'
import { missingService, podName, setNotReady, setSlice } from './faults.ts'
import { findObject, replace, service, smallCluster } from '../small-cluster.ts'
import type { GroupFixtures } from './fixture.ts'

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
}
