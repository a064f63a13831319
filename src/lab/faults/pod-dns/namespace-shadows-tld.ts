import type { Fault } from '../fault.ts'
import { addObject, editFault } from '../support/edit-fault.ts'
import { serviceObject } from '../support/made-objects.ts'
import { CONSOLE, dig, madeObject, run } from '../look.ts'

export const namespaceShadowsTld: Fault = editFault({
  name: 'namespace-shadows-tld',
  summary: `a namespace com with a Service example: pods that ask for example.com get the Service`,
  shownBy: ['--from', 'default/console', '--name', 'example.com'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} example.com.svc.cluster.local', { broken: /10\.233\.18\.92/ }),
    run(CONSOLE, 'getent ahostsv4 example.com', { broken: /^10\.233\.18\.92/ }),
    madeObject('service', 'example', 'com'),
  ],
  edits: () => [
    addObject({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'com' }, spec: {} }),
    addObject({
      ...serviceObject('example', {
        clusterIP: '10.233.18.92',
        type: 'ClusterIP',
        sessionAffinity: 'None',
        ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
        selector: { run: 'console' },
      }),
      metadata: { name: 'example', namespace: 'com' },
    }),
  ],
})
