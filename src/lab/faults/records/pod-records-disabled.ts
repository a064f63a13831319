import { corefileOf, editFault, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { ANSWERED, CONSOLE, NXDOMAIN, dig } from '../look.ts'

export const podRecordsDisabled: Fault = editFault({
  name: 'pod-records-disabled',
  summary: 'the kubernetes plugin has "pods disabled": names made of a pod address are NXDOMAIN',
  shownBy: ['--name', '10-233-75-12.default.pod.cluster.local'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} 10-233-75-12.default.pod.cluster.local', { broken: NXDOMAIN, whole: ANSWERED }),
  ],
  edits: () => [replaceText(corefileOf('coredns'), { from: 'pods insecure\n', to: 'pods disabled\n' })],
  after: restartCoreDns,
})
