import { editFault, setField } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartCoreDns } from './restarts.ts'

export const endpointsliceAccessForbidden: Fault = editFault({
  name: 'endpointslice-access-forbidden',
  summary: 'the ClusterRole of CoreDNS does not name EndpointSlices: a CoreDNS that starts never gets its Services',
  edits: () => [
    setField(
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'system:coredns' },
      ['rules', 1, 'resources'],
      ['nothing'],
    ),
  ],
  after: restartCoreDns,
})
