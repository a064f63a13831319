import { corefileOf, editFault, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { run } from '../look.ts'

export const lameduckMissingOrTooLong: Fault = editFault({
  name: 'lameduck-missing-or-too-long',
  summary: 'health has no lameduck: queries are lost whenever a CoreDNS pod ends',
  looks: [
    run('kube-system/{coredns-pod@node3}', 'cat /etc/coredns/Corefile', {
      broken: /^(?![^]*lameduck)[^]*health/,
      whole: /lameduck 5s/,
    }),
  ],
  edits: () => [
    replaceText(corefileOf('coredns'), {
      from: 'health {\n        lameduck 5s\n    }\n',
      to: 'health :8080\n',
    }),
  ],
  after: restartCoreDns,
})
