import { editFault, nodeFile, replaceText } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartPodsOf } from './restarts.ts'

export const clusterDnsWrongAddress: Fault = editFault({
  name: 'cluster-dns-wrong-address',
  summary: 'node2: kubelet gives pods 10.233.0.10 as nameserver, where no Service is',
  shownBy: ['--from', 'default/console'],
  edits: () => [
    replaceText(nodeFile('node2', '/var/lib/kubelet/config.yaml'), {
      from: '- 169.254.25.10\n',
      to: '- 10.233.0.10\n',
    }),
  ],
  after: restartPodsOf('node2'),
})
