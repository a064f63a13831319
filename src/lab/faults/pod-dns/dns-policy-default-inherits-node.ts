import type { Fault } from '../fault.ts'
import { addObject, editFault } from '../support/edit-fault.ts'
import { idlePod } from '../support/made-objects.ts'
import { madeObject, run } from '../look.ts'

export const dnsPolicyDefaultInheritsNode: Fault = editFault({
  name: 'dns-policy-default-inherits-node',
  summary: `a pod with dnsPolicy Default: it has the DNS of its node, no Service resolves`,
  shownBy: ['--from', 'default/batch', '--name', 'hello-world.default.svc.cluster.local'],
  looks: [
    run('default/batch', 'cat /etc/resolv.conf', { broken: /^(?![^]*169\.254)[^]*nameserver 100\.64\.11\.3/ }),
    run('default/batch', 'getent hosts hello-world.default || echo none', { broken: /^none/ }),
    madeObject('pod', 'batch'),
  ],
  edits: (stage) => [addObject(idlePod(stage, 'batch', { dnsPolicy: 'Default' }))],
})
