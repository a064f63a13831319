import { editFault, setField } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { ANSWERED, CONSOLE, NXDOMAIN, dig } from '../look.ts'

export const srvPortNameMismatch: Fault = editFault({
  name: 'srv-port-name-mismatch',
  summary: 'the port of web.shop was renamed: _http._tcp.web.shop is NXDOMAIN',
  shownBy: ['--name', '_http._tcp.web.shop.svc.cluster.local'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} SRV _http._tcp.web.shop.svc.cluster.local', { broken: NXDOMAIN }),
    dig(CONSOLE, '@{coredns@node4} SRV _http._tcp.web.shop.svc.cluster.local', { whole: ANSWERED }),
  ],
  edits: () => [
    setField(
      { apiVersion: 'v1', kind: 'Service', namespace: 'shop', name: 'web' },
      ['spec', 'ports', 0, 'name'],
      'web',
    ),
  ],
})
