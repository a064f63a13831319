import type { Fault } from '../fault.ts'
import { appendText, corefileOf, editFault, nodeFile } from '../support/edit-fault.ts'
import { restartNodeCaches, restartPodsOf } from '../support/restarts.ts'
import { CONSOLE, NODE_CACHE, NXDOMAIN, SERVFAIL, dig, run } from '../look.ts'

export const searchDomainServfail: Fault = editFault({
  name: 'search-domain-servfail',
  summary: `node2: resolv.conf has the search domain lan, whose servers fail: clients that stop at a SERVFAIL never ask for the name itself`,
  shownBy: ['--from', 'default/console', '--name', 'www.example.com'],
  looks: [
    run(CONSOLE, 'cat /etc/resolv.conf', { broken: /^search .* lan$/m, whole: /^search .* cluster\.local$/m }),
    dig(CONSOLE, `@${NODE_CACHE} www.example.com.lan`, { broken: SERVFAIL, whole: NXDOMAIN }),
  ],
  edits: () => [
    appendText(nodeFile('node2', '/run/systemd/resolve/resolv.conf'), 'search lan\n'),
    appendText(
      corefileOf('nodelocaldns'),
      'lan:53 {\n    bind 169.254.25.10\n    template ANY ANY {\n        rcode SERVFAIL\n    }\n}\n',
    ),
  ],
  after: async (stage) => {
    await restartNodeCaches(stage)
    await restartPodsOf('node2')(stage)
  },
})
