import type { Fault } from '../fault.ts'
import { addObject, editFault, nodeFile, removeFile } from '../support/edit-fault.ts'
import { idlePod, stuckPod } from '../support/made-objects.ts'
import { kubectl, madeObject, run } from '../look.ts'

const PATH = '/run/systemd/resolve/resolv.conf'
// What kubelet says about it; the lab has no kubelet.
const EVENT = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'stuck.no-resolv-conf', namespace: 'default' },
  involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'stuck' },
  type: 'Warning',
  reason: 'FailedCreatePodSandBox',
  message: `Failed to create pod sandbox: open ${PATH}: no such file or directory`,
  source: { component: 'kubelet', host: 'node2' },
}

export const resolvConfMissing: Fault = editFault({
  name: 'resolv-conf-missing',
  summary: `node2: kubelet's resolvConf names a file that this node does not have: new pods stay ContainerCreating`,
  imitated: `the pod's status and event are written: no kubelet runs`,
  looks: [
    run('node/node2', `cat ${PATH}`, { broken: /No such file/, whole: /nameserver/ }),
    kubectl('get events', { broken: /FailedCreatePodSandBox.*no such file or directory/ }),
    madeObject('pod', 'stuck'),
  ],
  edits: (stage) => [
    removeFile(nodeFile('node2', PATH)),
    addObject(stuckPod(idlePod(stage, 'stuck', {}))),
    addObject(EVENT),
  ],
})
