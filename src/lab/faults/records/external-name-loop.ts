import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { serviceObject } from '../support/made-objects.ts'
import { CONSOLE, dig, madeObject } from '../look.ts'

export const externalNameLoop: Fault = editFault({
  name: 'external-name-loop',
  summary: 'two ExternalName Services point at each other',
  shownBy: ['--name', 'ping.default.svc.cluster.local'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} ping.default.svc.cluster.local', {
      // What a server makes of it differs: a chain without an end, an error, or, as CoreDNS does, no address and no chain.
      broken: /SERVFAIL|CNAME|NOERROR[^]*ANSWER: 0/,
    }),
    madeObject('service', 'ping'),
  ],
  edits: () => [
    addObject(
      serviceObject('ping', {
        type: 'ExternalName',
        externalName: 'pong.default.svc.cluster.local',
        sessionAffinity: 'None',
      }),
    ),
    addObject(
      serviceObject('pong', {
        type: 'ExternalName',
        externalName: 'ping.default.svc.cluster.local',
        sessionAffinity: 'None',
      }),
    ),
  ],
})
