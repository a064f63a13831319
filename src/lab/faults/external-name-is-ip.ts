import { addObject, editFault } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { serviceObject } from './made-objects.ts'

export const externalNameIsIp: Fault = editFault({
  name: 'external-name-is-ip',
  summary: 'an ExternalName Service holds an address: the answer is a CNAME to a name that nobody has',
  shownBy: ['--name', 'legacy.default.svc.cluster.local'],
  edits: () => [
    addObject(serviceObject('legacy', { type: 'ExternalName', externalName: '100.64.20.5', sessionAffinity: 'None' })),
  ],
})
