import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { idlePod } from '../support/made-objects.ts'
import { madeObject, run } from '../look.ts'

export const hostNetworkClusterFirst: Fault = editFault({
  name: 'host-network-cluster-first',
  summary: 'a pod with hostNetwork and dnsPolicy ClusterFirst: it has the DNS of its node, no Service resolves',
  shownBy: ['--from', 'default/agent', '--name', 'kubernetes.default.svc.cluster.local'],
  looks: [
    run('default/agent', 'cat /etc/resolv.conf', { broken: /^(?![^]*169\.254)[^]*nameserver/ }),
    run('default/agent', 'getent hosts hello-world.default || echo none', { broken: /^none/ }),
    madeObject('pod', 'agent'),
  ],
  edits: (stage) => [addObject(idlePod(stage, 'agent', { hostNetwork: true, dnsPolicy: 'ClusterFirst' }))],
})
