import { editFault, nodeFile, replaceText } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartPodsOf } from './restarts.ts'

export const clusterDnsUnset: Fault = editFault({
  name: 'cluster-dns-unset',
  summary: 'node2: kubelet has no clusterDNS: its pods got the resolv.conf of the node',
  shownBy: ['--from', 'default/console'],
  edits: () => [
    replaceText(nodeFile('node2', '/var/lib/kubelet/config.yaml'), {
      from: 'clusterDNS:\n- 169.254.25.10\n',
      to: '# No clusterDNS.\n',
    }),
  ],
  after: restartPodsOf('node2'),
})
