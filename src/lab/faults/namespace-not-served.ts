import { corefileOf, editFault, replaceText } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartCoreDns } from './restarts.ts'

export const namespaceNotServed: Fault = editFault({
  name: 'namespace-not-served',
  summary: 'the kubernetes plugin serves three namespaces alone: the names of shop are NXDOMAIN',
  shownBy: ['--name', 'api.shop.svc.cluster.local'],
  edits: () => [
    replaceText(corefileOf('coredns'), {
      from: '    pods insecure\n',
      to: '    pods insecure\n        namespaces default kube-system kubesphere-system\n',
    }),
  ],
  after: restartCoreDns,
})
