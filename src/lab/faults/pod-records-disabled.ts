import { corefileOf, editFault, replaceText } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartCoreDns } from './restarts.ts'

export const podRecordsDisabled: Fault = editFault({
  name: 'pod-records-disabled',
  summary: 'the kubernetes plugin has "pods disabled": names made of a pod address are NXDOMAIN',
  shownBy: ['--name', '10-233-75-12.default.pod.cluster.local'],
  edits: () => [replaceText(corefileOf('coredns'), { from: 'pods insecure\n', to: 'pods disabled\n' })],
  after: restartCoreDns,
})
