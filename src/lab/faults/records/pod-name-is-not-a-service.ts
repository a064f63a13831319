import type { Fault } from '../fault.ts'
import { addObject, editFault } from '../support/edit-fault.ts'
import { idlePod } from '../support/made-objects.ts'
import { CONSOLE, NXDOMAIN, dig, madeObject } from '../look.ts'

export const podNameIsNotAService: Fault = editFault({
  name: 'pod-name-is-not-a-service',
  summary: `somebody asks for a pod by its name and namespace: that is the name of a Service, and there is none`,
  shownBy: ['--name', 'worker-0.default.svc.cluster.local'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} worker-0.default.svc.cluster.local', { broken: NXDOMAIN }),
    madeObject('pod', 'worker-0'),
  ],
  edits: (stage) => [addObject(idlePod(stage, 'worker-0', {}))],
})
