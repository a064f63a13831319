import { appendText, corefileOf, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { CONSOLE, dig, run } from '../look.ts'

export const stubDomainBroken: Fault = editFault({
  name: 'stub-domain-broken',
  summary: 'the Corefile sends corp.example to 1.2.4.8, which never answers',
  shownBy: ['--name', 'git.corp.example'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} git.corp.example', { broken: /timed out|SERVFAIL/ }),
    run('kube-system/{coredns-pod@node3}', 'cat /etc/coredns/Corefile', {
      broken: /corp\.example:53/,
      whole: /^(?![^]*corp\.example)[^]*\.:53/,
    }),
  ],
  edits: () => [appendText(corefileOf('coredns'), 'corp.example:53 {\n    errors\n    forward . 1.2.4.8\n}\n')],
  after: restartCoreDns,
})
