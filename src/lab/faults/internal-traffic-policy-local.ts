import { editFault, setField } from './edit-fault.ts'
import type { Fault } from './fault.ts'

export const internalTrafficPolicyLocal: Fault = editFault({
  name: 'internal-traffic-policy-local',
  needs: 'netns',
  summary: 'the DNS Service keeps traffic on its node: nodes without a CoreDNS pod have no DNS there',
  edits: () => [
    setField(
      { apiVersion: 'v1', kind: 'Service', namespace: 'kube-system', name: 'coredns' },
      ['spec', 'internalTrafficPolicy'],
      'Local',
    ),
  ],
})
