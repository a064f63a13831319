import { appendText, editFault, nodeFile } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartNodeDnsUsers } from './restarts.ts'

export const tooManyNameservers: Fault = editFault({
  name: 'too-many-nameservers',
  summary: 'node2: resolv.conf lists four nameservers: kubelet keeps three of them',
  edits: () => [
    appendText(nodeFile('node2', '/run/systemd/resolve/resolv.conf'), '# A fourth one:\nnameserver 1.2.4.8\n'),
  ],
  after: restartNodeDnsUsers('node2'),
})
