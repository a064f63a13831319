import { corefileOf, editFault, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { ANSWERED, CONSOLE, NXDOMAIN, dig } from '../look.ts'

export const namespaceNotServed: Fault = editFault({
  name: 'namespace-not-served',
  summary: 'the kubernetes plugin serves three namespaces alone: the names of shop are NXDOMAIN',
  shownBy: ['--name', 'api.shop.svc.cluster.local'],
  looks: [dig(CONSOLE, '@{coredns@node3} api.shop.svc.cluster.local', { broken: NXDOMAIN, whole: ANSWERED })],
  edits: () => [
    replaceText(corefileOf('coredns'), {
      from: '    pods insecure\n',
      to: '    pods insecure\n        namespaces default kube-system kubesphere-system\n',
    }),
  ],
  after: restartCoreDns,
})
