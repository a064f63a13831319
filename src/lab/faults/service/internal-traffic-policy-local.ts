import { editFault, setField } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { ANSWERED, DNS_SERVICE, NAME, dig } from '../look.ts'

export const internalTrafficPolicyLocal: Fault = editFault({
  name: 'internal-traffic-policy-local',
  needs: 'netns',
  summary: 'the DNS Service keeps traffic on its node: nodes without a CoreDNS pod have no DNS there',
  looks: [
    dig('node/node2', `+notcp @${DNS_SERVICE} ${NAME}`),
    dig('node/node3', `@${DNS_SERVICE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  edits: () => [
    setField(
      { apiVersion: 'v1', kind: 'Service', namespace: 'kube-system', name: 'coredns' },
      ['spec', 'internalTrafficPolicy'],
      'Local',
    ),
  ],
})
