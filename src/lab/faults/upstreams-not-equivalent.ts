import { editFault, nodeFile, replaceText } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartNodeDnsUsers } from './restarts.ts'

export const upstreamsNotEquivalent: Fault = editFault({
  name: 'upstreams-not-equivalent',
  summary: 'node4: a public resolver beside the private one: corp.example is NXDOMAIN now and then',
  shownBy: ['--name', 'git.corp.example'],
  edits: () => [
    replaceText(nodeFile('node4', '/run/systemd/resolve/resolv.conf'), {
      from: 'nameserver 100.64.11.3\n',
      to: 'nameserver 100.64.11.3\nnameserver 114.114.114.114\n',
    }),
  ],
  after: restartNodeDnsUsers('node4'),
})
