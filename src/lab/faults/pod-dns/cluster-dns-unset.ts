import { addObject, editFault, nodeFile, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartPodsOf } from '../support/restarts.ts'
import { CONSOLE, run } from '../look.ts'

const PATH = '/var/lib/kubelet/config.yaml'
const POD = { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'console' }
// What kubelet says about it; the lab has no kubelet.
const EVENT = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'console.missing-cluster-dns', namespace: 'default' },
  involvedObject: POD,
  type: 'Warning',
  reason: 'MissingClusterDNS',
  message:
    'pod: "console_default". kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.',
  source: { component: 'kubelet', host: 'node2' },
}

export const clusterDnsUnset: Fault = editFault({
  name: 'cluster-dns-unset',
  summary: 'node2: kubelet has no clusterDNS: its pods got the resolv.conf of the node',
  shownBy: ['--from', 'default/console'],
  looks: [
    run(CONSOLE, 'cat /etc/resolv.conf', { broken: /nameserver 100\.64\.11\.3/, whole: /nameserver 169\.254\.25\.10/ }),
  ],
  edits: () => [
    replaceText(nodeFile('node2', PATH), { from: 'clusterDNS:\n- 169.254.25.10\n', to: '# No clusterDNS.\n' }),
    addObject(EVENT),
  ],
  after: restartPodsOf('node2'),
})
