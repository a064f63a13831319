import type { Fault } from '../fault.ts'
import { coreDnsPods, recoverPods } from '../support/pods.ts'
import { ANSWERED, CONSOLE, COREDNS_CRASHES, DNS_SERVICE, NAME, REFUSED, dig } from '../look.ts'

const LAST_WORDS = 'fatal error: runtime: out of memory'

export const dnsServiceNoEndpoints: Fault = {
  name: 'dns-service-no-endpoints',
  summary: 'every CoreDNS pod crashes: the DNS Service has no ready endpoint and refuses all queries',
  looks: [dig(CONSOLE, `@${DNS_SERVICE} ${NAME}`, { broken: REFUSED, whole: ANSWERED }), COREDNS_CRASHES],
  async inject(stage) {
    await Promise.all(coreDnsPods(stage).map((pod) => stage.crashPod(pod, LAST_WORDS)))
    return () => recoverPods(stage, coreDnsPods(stage))
  },
  isThere: (stage) => coreDnsPods(stage).some((pod) => stage.isCrashed(pod)),
}
