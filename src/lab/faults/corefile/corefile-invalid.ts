import { corefileOf, editFault, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { ANSWERED, CONSOLE, COREDNS_CRASHES, DNS_SERVICE, NAME, REFUSED, dig, kubectl } from '../look.ts'

export const corefileInvalid: Fault = editFault({
  name: 'corefile-invalid',
  summary: 'the Corefile has "many" where a number belongs: the pods restarted, and none of them starts',
  looks: [
    COREDNS_CRASHES,
    kubectl('-n kube-system logs {coredns-pod@node4}', { broken: /many/ }),
    dig(CONSOLE, `@${DNS_SERVICE} ${NAME}`, { broken: REFUSED, whole: ANSWERED }),
  ],
  edits: () => [replaceText(corefileOf('coredns'), { from: 'max_concurrent 1000\n', to: 'max_concurrent many\n' })],
  after: restartCoreDns,
})
