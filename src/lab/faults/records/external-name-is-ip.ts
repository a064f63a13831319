import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { serviceObject } from '../support/made-objects.ts'
import { CONSOLE, dig, madeObject } from '../look.ts'

export const externalNameIsIp: Fault = editFault({
  name: 'external-name-is-ip',
  summary: 'an ExternalName Service holds an address: the answer is a CNAME to a name that nobody has',
  shownBy: ['--name', 'legacy.default.svc.cluster.local'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} legacy.default.svc.cluster.local', { broken: /NXDOMAIN|CNAME/ }),
    madeObject('service', 'legacy'),
  ],
  edits: () => [
    addObject(serviceObject('legacy', { type: 'ExternalName', externalName: '100.64.20.5', sessionAffinity: 'None' })),
  ],
})
