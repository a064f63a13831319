import { textAt } from '../cluster/raw-object.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import type { Fault } from './fault.ts'
import { podsLabeled, restartPods } from './pods.ts'

const NODE = 'node1'

export const serviceIpUnreachable: Fault = {
  name: 'service-ip-unreachable',
  summary: `${NODE}: kube-proxy is down and its rules are gone: Service IPs time out there, pod IPs answer`,
  async inject(stage) {
    const isThere = (pod: RawObject): boolean => textAt(pod, 'spec', 'nodeName') === NODE
    const pods = podsLabeled(stage, 'kube-system', { 'k8s-app': 'kube-proxy' }).filter(isThere)
    stage.setServiceRules(NODE, false)
    await Promise.all(
      pods.map(({ metadata }) =>
        stage.crashPod(
          'kube-system',
          metadata.name,
          'F0000 server.go: unable to create proxier: iptables is not available on this host',
        ),
      ),
    )
    return async () => {
      stage.setServiceRules(NODE, true)
      await restartPods(stage, pods)
    }
  },
}
