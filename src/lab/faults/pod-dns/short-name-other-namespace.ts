import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { serviceObject } from '../support/made-objects.ts'
import { CONSOLE, NXDOMAIN, dig, madeObject, run } from '../look.ts'

export const shortNameOtherNamespace: Fault = editFault({
  name: 'short-name-other-namespace',
  summary: 'a Service of default is asked for by its short name in shop: NXDOMAIN',
  shownBy: ['--from', 'shop/web-5f6d8b9c47-t6wnc', '--name', 'billing'],
  looks: [
    run('shop/web-5f6d8b9c47-t6wnc', 'getent hosts billing || echo none', { broken: /^none/ }),
    run(CONSOLE, 'getent hosts billing', { broken: /^10\.233\.18\.90/ }),
    dig(CONSOLE, '@{coredns@node3} billing.shop.svc.cluster.local', { broken: NXDOMAIN }),
    madeObject('service', 'billing'),
  ],
  edits: () => [
    addObject(
      serviceObject('billing', {
        clusterIP: '10.233.18.90',
        type: 'ClusterIP',
        sessionAffinity: 'None',
        ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
        selector: { run: 'console' },
      }),
    ),
  ],
})
