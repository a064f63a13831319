import { isReadyNow, setReadiness } from '../../cluster/pod-status.ts'
import { keyOf } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import type { Fault, FaultStage } from '../fault.ts'
import { podsLabeled } from '../support/pods.ts'
import { CONSOLE, NXDOMAIN, dig, kubectl } from '../look.ts'

const NAMESPACE = 'kubesphere-system'

export const headlessServiceNoEndpoints: Fault = {
  name: 'headless-service-no-endpoints',
  summary: 'no redis-ha pod is ready: redis-ha.kubesphere-system is NXDOMAIN while its pods run',
  shownBy: ['--name', 'redis-ha.kubesphere-system.svc.cluster.local'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} redis-ha.kubesphere-system.svc.cluster.local', { broken: NXDOMAIN }),
    kubectl('-n kubesphere-system get endpoints redis-ha', { broken: /<none>/, whole: /:\d+/ }),
  ],
  inject(stage) {
    const setAll = (ready: boolean): Promise<void> => {
      for (const pod of redisPods(stage)) setReadiness(stage.store, keyOf(pod), ready)
      return Promise.resolve()
    }
    void setAll(false)
    return Promise.resolve(() => setAll(true))
  },
  isThere: (stage) => !redisPods(stage).some((pod) => isReadyNow(stage.store, keyOf(pod))),
}

function redisPods(stage: FaultStage): RawObject[] {
  return podsLabeled(stage, NAMESPACE, { app: 'redis-ha' })
}
