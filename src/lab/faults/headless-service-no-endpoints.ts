import { setReadiness } from '../cluster/pod-status.ts'
import { keyOf } from '../cluster/raw-object.ts'
import type { Fault } from './fault.ts'
import { podsLabeled } from './pods.ts'

const NAMESPACE = 'kubesphere-system'

export const headlessServiceNoEndpoints: Fault = {
  name: 'headless-service-no-endpoints',
  summary: 'no redis-ha pod is ready: redis-ha.kubesphere-system is NXDOMAIN while its pods run',
  shownBy: ['--name', 'redis-ha.kubesphere-system.svc.cluster.local'],
  inject(stage) {
    const pods = podsLabeled(stage, NAMESPACE, { app: 'redis-ha' })
    const setAll = (ready: boolean): Promise<void> => {
      for (const pod of pods) setReadiness(stage.store, keyOf(pod), ready)
      return Promise.resolve()
    }
    void setAll(false)
    return Promise.resolve(() => setAll(true))
  },
}
