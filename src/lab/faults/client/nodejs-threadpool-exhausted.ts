import type { Fault } from '../fault.ts'
import { addObject, appendText, corefileOf, editFault } from '../support/edit-fault.ts'
import { idlePod } from '../support/made-objects.ts'
import { restartNodeCaches } from '../support/restarts.ts'
import { CONSOLE, NODE_CACHE, NXDOMAIN, dig, run } from '../look.ts'

// Four names that do not exist, and one that does: with its final dot it needs no search domain.
const LOOKUPS =
  "{node} -e 'const d=require(`dns`),t=Date.now();for(const n of [1,2,3,4])d.lookup(`x${n}`,()=>{});d.lookup(`kubernetes.default.svc.cluster.local.`,()=>{console.log(Date.now()-t>3000?`late`:`in time`);process.exit()})'"

export const nodejsThreadpoolExhausted: Fault = editFault({
  name: 'nodejs-threadpool-exhausted',
  summary: `a pod of Node.js whose first search domain is slow: four lookups of short names hold all threads, and the fifth waits`,
  shownBy: ['--from', 'default/server', '--name', 'x1'],
  looks: [
    run('default/server', LOOKUPS, { broken: /late/ }),
    run(CONSOLE, LOOKUPS, { whole: /in time/ }),
    dig(CONSOLE, `@${NODE_CACHE} a.slow.example`, { broken: /timed out|SERVFAIL/, whole: NXDOMAIN }),
  ],
  edits: (stage) => [
    appendText(corefileOf('nodelocaldns'), 'slow.example:53 {\n    bind 169.254.25.10\n    forward . 1.2.4.8\n}\n'),
    addObject(
      idlePod(stage, 'server', {
        containers: [{ name: 'server', image: 'node:20' }],
        dnsConfig: { searches: ['slow.example'], options: [{ name: 'ndots', value: '5' }] },
      }),
    ),
  ],
  after: restartNodeCaches,
})
