import { LabError } from '../../cluster/lab-error.ts'
import type { Fault, KernelPlace } from '../fault.ts'
import { kernelOf } from '../support/kernel-fault.ts'
import { run, strangers } from '../look.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node3' }
const SETTING = 'net/bridge/bridge-nf-call-iptables'

export const bridgeNetfilterDisabled: Fault = {
  name: 'bridge-netfilter-disabled',
  summary: `flannel: ${PLACE.name}: rules do not see what passes the bridge: a Service whose endpoint is on the same node answers from the pod's address`,
  needs: 'flannel',
  // Only what pods of that node ask passes the bridge.
  shownBy: ['--from', 'shop/web-5f6d8b9c47-2lkqs'],
  looks: [
    strangers('shop/web-5f6d8b9c47-2lkqs', /IP 10\.233\.\d+\.\d+\.53 > /),
    run('node/node3', 'sysctl -n net.bridge.bridge-nf-call-iptables', { broken: /^0/, whole: /^1/ }),
  ],
  inject(stage) {
    const kernel = kernelOf(stage)
    if (kernel.setting(PLACE, SETTING) === undefined) {
      throw new LabError('not-supported', 'Cannot inject the fault: this kernel has no br_netfilter')
    }
    kernel.setSetting(PLACE, SETTING, '0')
    return Promise.resolve(() => {
      kernel.setSetting(PLACE, SETTING, '1')
      return Promise.resolve()
    })
  },
  isThere: (stage) => kernelOf(stage).setting(PLACE, SETTING) === '0',
}
