import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { serviceObject } from '../support/made-objects.ts'
import { CONSOLE, dig, madeObject } from '../look.ts'

export const ipFamilyMissing: Fault = editFault({
  name: 'ip-family-missing',
  summary: 'a Service has an IPv4 address alone, and IPv6 is what is asked for',
  shownBy: ['--name', 'modern.default.svc.cluster.local', '--type', 'AAAA'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} AAAA modern.default.svc.cluster.local', { broken: /status: NOERROR[^]*ANSWER: 0/ }),
    madeObject('service', 'modern'),
  ],
  edits: () => [
    addObject(
      serviceObject('modern', {
        clusterIP: '10.233.18.91',
        clusterIPs: ['10.233.18.91'],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        type: 'ClusterIP',
        sessionAffinity: 'None',
        ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
        selector: { run: 'console' },
      }),
    ),
  ],
})
