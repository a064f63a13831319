import { editFault, nodeFile, replaceText } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartNodeDnsUsers } from './restarts.ts'

export const forwardingLoop: Fault = editFault({
  name: 'forwarding-loop',
  summary:
    'node4: resolv.conf lists 127.0.0.53: in the CoreDNS pod that is CoreDNS itself, and its loop plugin ends it',
  edits: () => [
    replaceText(nodeFile('node4', '/run/systemd/resolve/resolv.conf'), {
      from: 'nameserver 100.64.11.3',
      to: 'nameserver 127.0.0.53',
    }),
  ],
  after: restartNodeDnsUsers('node4'),
})
