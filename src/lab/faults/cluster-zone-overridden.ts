import { corefileOf, editFault, replaceText } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartCoreDns } from './restarts.ts'

export const clusterZoneOverridden: Fault = editFault({
  name: 'cluster-zone-overridden',
  summary: 'a template answers for cluster.local before the kubernetes plugin does: every Service is NXDOMAIN',
  edits: () => [
    replaceText(corefileOf('coredns'), {
      from: '    prometheus :9153\n',
      to: '    prometheus :9153\n    template ANY ANY cluster.local {\n        rcode NXDOMAIN\n    }\n',
    }),
  ],
  after: restartCoreDns,
})
