import { textAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import type { Fault, FaultStage } from '../fault.ts'
import { podsLabeled, recoverPods } from '../support/pods.ts'
import { ANSWERED, DNS_SERVICE, NAME, dig, run } from '../look.ts'

const NODE = 'node1'
const LAST_WORDS = 'F0000 server.go: unable to create proxier: iptables is not available on this host'

export const serviceIpUnreachable: Fault = {
  name: 'service-ip-unreachable',
  summary: `${NODE}: kube-proxy is down and its rules are gone: Service IPs time out there, pod IPs answer`,
  looks: [
    dig('node/node1', `+notcp @${DNS_SERVICE} ${NAME}`),
    dig('node/node1', `@{coredns@node4} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
    run('node/node1', 'iptables-save -t nat', {
      broken: /^(?![^]*-A KUBE-SERVICES)/,
      whole: /-A KUBE-SERVICES .*KUBE-SVC/,
    }),
  ],
  async inject(stage) {
    await Promise.all(proxies(stage).map((pod) => stage.crashPod(pod, LAST_WORDS)))
    await stage.setServiceRules(NODE, false)
    return async () => {
      await stage.setServiceRules(NODE, true)
      await recoverPods(stage, proxies(stage))
    }
  },
  isThere: async (stage) => !(await stage.hasServiceRules(NODE)),
}

function proxies(stage: FaultStage): RawObject[] {
  return podsLabeled(stage, 'kube-system', { 'k8s-app': 'kube-proxy' }).filter(
    (pod) => textAt(pod, 'spec', 'nodeName') === NODE,
  )
}
