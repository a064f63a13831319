import { editFault, setField } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, dig, kubectl } from '../look.ts'

export const applicationServiceNoEndpoints: Fault = editFault({
  name: 'application-service-no-endpoints',
  summary: 'api.shop selects a label that no pod has: its name resolves, nothing answers there',
  shownBy: ['--name', 'api.shop.svc.cluster.local'],
  looks: [
    dig(CONSOLE, `@${DNS_SERVICE} api.shop.svc.cluster.local`, { broken: ANSWERED, whole: ANSWERED }),
    kubectl('-n shop get endpoints api', { broken: /<none>/, whole: /:\d+/ }),
  ],
  edits: () => [
    setField({ apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'api' }, ['spec', 'selector'], {
      app: 'api-v2',
    }),
  ],
})
