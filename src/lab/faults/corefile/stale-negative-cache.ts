import { teachReplicas } from '../support/ask.ts'
import { addObject, corefileOf, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { CONSOLE, NXDOMAIN, dig, madeObject } from '../look.ts'
import { serviceObject } from '../support/made-objects.ts'
import { restartCoreDns } from '../support/restarts.ts'

const NAME = 'late.default.svc.cluster.local'
const ports = [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }]

// With the usual 30 s nobody would have the time to look at it: the cache keeps denials for an hour at least.
export const staleNegativeCache: Fault = {
  name: 'stale-negative-cache',
  summary:
    'somebody asked for the Service late before it was made, and CoreDNS keeps denials for an hour: it stays NXDOMAIN',
  shownBy: ['--name', NAME],
  looks: [dig(CONSOLE, `@{coredns@node3} ${NAME}`, { broken: NXDOMAIN }), madeObject('service', 'late')],
  async inject(stage) {
    const longer = replaceText(corefileOf('coredns'), {
      from: '    cache 30\n',
      to: '    cache 30 {\n        denial 9984 3600 3600\n    }\n',
    })
    const made = addObject(
      serviceObject('late', {
        clusterIP: '10.233.18.93',
        type: 'ClusterIP',
        sessionAffinity: 'None',
        ports,
        selector: { run: 'console' },
      }),
    )
    longer.make(stage)
    await restartCoreDns(stage)
    await teachReplicas(stage, `${NAME}.`)
    made.make(stage)
    return async () => {
      made.undo(stage)
      longer.undo(stage)
      await restartCoreDns(stage)
    }
  },
  isThere: (stage) => corefileOf('coredns').read(stage)?.includes('denial 9984 3600 3600') === true,
}
