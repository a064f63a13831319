import type { Fault } from '../fault.ts'
import { editFault, nodeFile, replaceText } from '../support/edit-fault.ts'
import { restartPodsOf } from '../support/restarts.ts'
import { CONSOLE, NAME, dig, run } from '../look.ts'

export const nodeCacheAddressMismatch: Fault = editFault({
  name: 'node-cache-address-mismatch',
  summary: `node2: kubelet gives pods 169.254.20.10, the node cache listens on 169.254.25.10`,
  shownBy: ['--from', 'default/console'],
  looks: [
    run(CONSOLE, 'cat /etc/resolv.conf', { broken: /169\.254\.20\.10/, whole: /169\.254\.25\.10/ }),
    dig(CONSOLE, NAME),
  ],
  edits: () => [
    replaceText(nodeFile('node2', '/var/lib/kubelet/config.yaml'), {
      from: '- 169.254.25.10\n',
      to: '- 169.254.20.10\n',
    }),
  ],
  after: restartPodsOf('node2'),
})
