import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { idlePod, serviceObject } from '../support/made-objects.ts'
import { CONSOLE, NXDOMAIN, dig, madeObject } from '../look.ts'

export const podHostnameUnset: Fault = editFault({
  name: 'pod-hostname-unset',
  summary: 'a pod behind a headless Service has a subdomain and no hostname: it has no name of its own',
  shownBy: ['--name', 'peer-0.peers.default.svc.cluster.local'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} peer-0.peers.default.svc.cluster.local', { broken: NXDOMAIN }),
    madeObject('pod', 'peer-0'),
  ],
  edits: (stage) => [
    addObject(idlePod(stage, 'peer-0', { subdomain: 'peers' })),
    addObject(
      serviceObject('peers', {
        clusterIP: 'None',
        type: 'ClusterIP',
        sessionAffinity: 'None',
        ports: [{ name: 'peer', port: 7000, protocol: 'TCP', targetPort: 7000 }],
        selector: { run: 'peer-0' },
      }),
    ),
  ],
})
