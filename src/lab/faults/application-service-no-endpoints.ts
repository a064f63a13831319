import { editFault, setField } from './edit-fault.ts'
import type { Fault } from './fault.ts'

export const applicationServiceNoEndpoints: Fault = editFault({
  name: 'application-service-no-endpoints',
  summary: 'api.shop selects a label that no pod has: its name resolves, nothing answers there',
  shownBy: ['--name', 'api.shop.svc.cluster.local'],
  edits: () => [
    setField({ apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'api' }, ['spec', 'selector'], {
      app: 'api-v2',
    }),
  ],
})
