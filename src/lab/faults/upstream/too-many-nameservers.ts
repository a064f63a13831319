import { appendText, editFault, nodeFile } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartNodeDnsUsers } from '../support/restarts.ts'
import { run } from '../look.ts'

export const tooManyNameservers: Fault = editFault({
  name: 'too-many-nameservers',
  summary: 'node2: resolv.conf lists four nameservers: kubelet keeps three of them',
  looks: [
    run('node/node2', 'cat /run/systemd/resolve/resolv.conf', {
      broken: /(^nameserver [^]*){4}/m,
      whole: /^(?!([^]*nameserver){4})[^]*nameserver/,
    }),
  ],
  edits: () => [
    appendText(nodeFile('node2', '/run/systemd/resolve/resolv.conf'), '# A fourth one:\nnameserver 1.2.4.8\n'),
  ],
  after: restartNodeDnsUsers('node2'),
})
