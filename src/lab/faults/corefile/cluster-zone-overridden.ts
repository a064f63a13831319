import { corefileOf, editFault, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { ANSWERED, CONSOLE, NAME, NXDOMAIN, dig } from '../look.ts'

export const clusterZoneOverridden: Fault = editFault({
  name: 'cluster-zone-overridden',
  summary: 'a template answers for cluster.local before the kubernetes plugin does: every Service is NXDOMAIN',
  looks: [dig(CONSOLE, `@{coredns@node3} ${NAME}`, { broken: NXDOMAIN, whole: ANSWERED })],
  edits: () => [
    replaceText(corefileOf('coredns'), {
      from: '    prometheus :9153\n',
      to: '    prometheus :9153\n    template ANY ANY cluster.local {\n        rcode NXDOMAIN\n    }\n',
    }),
  ],
  after: restartCoreDns,
})
