import { corefileOf, editFault, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { ANSWERED, CONSOLE, COREDNS_CRASHES, DNS_SERVICE, NAME, REFUSED, dig, kubectl } from '../look.ts'

export const corefileDirectiveRemoved: Fault = editFault({
  name: 'corefile-directive-removed',
  summary: 'the Corefile says "proxy", which CoreDNS has not had since 1.5: no pod starts',
  looks: [
    COREDNS_CRASHES,
    kubectl('-n kube-system logs {coredns-pod@node4}', { broken: /Unknown directive 'proxy'/ }),
    dig(CONSOLE, `@${DNS_SERVICE} ${NAME}`, { broken: REFUSED, whole: ANSWERED }),
  ],
  edits: () => [
    replaceText(corefileOf('coredns'), {
      from: 'forward . /etc/resolv.conf {\n        max_concurrent 1000\n    }\n',
      to: 'proxy . /etc/resolv.conf\n',
    }),
  ],
  after: restartCoreDns,
})
