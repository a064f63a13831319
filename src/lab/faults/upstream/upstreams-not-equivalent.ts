import { editFault, nodeFile, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartNodeDnsUsers } from '../support/restarts.ts'
import { run } from '../look.ts'

export const upstreamsNotEquivalent: Fault = editFault({
  name: 'upstreams-not-equivalent',
  summary: 'node4: a public resolver beside the private one: corp.example is NXDOMAIN now and then',
  shownBy: ['--name', 'git.corp.example'],
  looks: [
    run('kube-system/{coredns-pod@node4}', 'cat /etc/resolv.conf', {
      broken: /nameserver 100\.64\.11\.3\nnameserver 114\.114\.114\.114/,
      whole: /^(?![^]*114\.114)[^]*100\.64\.11\.3/,
    }),
    run(
      'kube-system/{coredns-pod@node4}',
      'for server in $(grep ^nameserver /etc/resolv.conf | cut -d" " -f2); do dig +time=1 +tries=1 @$server git.corp.example; done',
      { broken: /status: NOERROR[^]*status: NXDOMAIN/, whole: /^(?![^]*NXDOMAIN)[^]*NOERROR/ },
    ),
  ],
  edits: () => [
    replaceText(nodeFile('node4', '/run/systemd/resolve/resolv.conf'), {
      from: 'nameserver 100.64.11.3\n',
      to: 'nameserver 100.64.11.3\nnameserver 114.114.114.114\n',
    }),
  ],
  after: restartNodeDnsUsers('node4'),
})
