import { editFault, nodeFile, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartPodsOf } from '../support/restarts.ts'
import { CONSOLE, NAME, dig, run } from '../look.ts'

export const clusterDnsWrongAddress: Fault = editFault({
  name: 'cluster-dns-wrong-address',
  summary: 'node2: kubelet gives pods 10.233.0.10 as nameserver, where no Service is',
  shownBy: ['--from', 'default/console'],
  looks: [
    run(CONSOLE, 'cat /etc/resolv.conf', { broken: /nameserver 10\.233\.0\.10/, whole: /nameserver 169\.254\.25\.10/ }),
    dig(CONSOLE, NAME),
  ],
  edits: () => [
    replaceText(nodeFile('node2', '/var/lib/kubelet/config.yaml'), {
      from: '- 169.254.25.10\n',
      to: '- 10.233.0.10\n',
    }),
  ],
  after: restartPodsOf('node2'),
})
