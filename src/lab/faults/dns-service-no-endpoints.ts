import type { Fault } from './fault.ts'
import { coreDnsPods, restartPods } from './pods.ts'

const LAST_WORDS = 'fatal error: runtime: out of memory'

export const dnsServiceNoEndpoints: Fault = {
  name: 'dns-service-no-endpoints',
  summary: 'every CoreDNS pod crashes: the DNS Service has no ready endpoint and refuses all queries',
  async inject(stage) {
    const pods = coreDnsPods(stage)
    await Promise.all(
      pods.map(({ metadata }) => stage.crashPod(metadata.namespace ?? 'default', metadata.name, LAST_WORDS)),
    )
    return () => restartPods(stage, pods)
  },
}
