import { editFault, setField } from './edit-fault.ts'
import type { Fault } from './fault.ts'

export const srvPortNameMismatch: Fault = editFault({
  name: 'srv-port-name-mismatch',
  summary: 'the port of web.shop was renamed: _http._tcp.web.shop is NXDOMAIN',
  shownBy: ['--name', '_http._tcp.web.shop.svc.cluster.local'],
  edits: () => [
    setField(
      { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' },
      ['spec', 'ports', 0, 'name'],
      'web',
    ),
  ],
})
