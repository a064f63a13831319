import { editFault, setField } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { kubectl } from '../look.ts'

export const endpointsliceAccessForbidden: Fault = editFault({
  name: 'endpointslice-access-forbidden',
  summary: 'the ClusterRole of CoreDNS does not name EndpointSlices: a CoreDNS that starts never gets its Services',
  looks: [
    kubectl('auth can-i list endpointslices.discovery.k8s.io --as=system:serviceaccount:kube-system:coredns', {
      broken: /^no/m,
      whole: /^yes/m,
    }),
  ],
  edits: () => [
    setField(
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'system:coredns' },
      ['rules', 1, 'resources'],
      ['nothing'],
    ),
  ],
  after: restartCoreDns,
})
