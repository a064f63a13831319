import type { Fault } from '../fault.ts'
import { appendText, corefileOf, editFault, nodeFile } from '../support/edit-fault.ts'
import { restartNodeCaches, restartPodsOf } from '../support/restarts.ts'
import { CONSOLE, NODE_CACHE, NXDOMAIN, dig, run } from '../look.ts'

export const wildcardSearchDomain: Fault = editFault({
  name: 'wildcard-search-domain',
  summary: `node2: resolv.conf has the search domain apps.example, where every name exists: www.google.com is one odd address there`,
  shownBy: ['--from', 'default/console', '--name', 'www.google.com'],
  looks: [
    run(CONSOLE, 'cat /etc/resolv.conf', {
      broken: /^search .* apps\.example$/m,
      whole: /^search .* cluster\.local$/m,
    }),
    dig(CONSOLE, `@${NODE_CACHE} nosuch.apps.example`, { broken: /198\.51\.100\.77/, whole: NXDOMAIN }),
    run(CONSOLE, 'getent ahostsv4 www.google.com', { broken: /^198\.51\.100\.77/, whole: /^203\.0\.113\.85/ }),
  ],
  edits: () => [
    appendText(nodeFile('node2', '/run/systemd/resolve/resolv.conf'), 'search apps.example\n'),
    appendText(
      corefileOf('nodelocaldns'),
      'apps.example:53 {\n    bind 169.254.25.10\n    template IN A {\n        answer "{{ .Name }} 60 IN A 198.51.100.77"\n    }\n    template ANY ANY {\n        rcode NOERROR\n    }\n}\n',
    ),
  ],
  after: async (stage) => {
    await restartNodeCaches(stage)
    await restartPodsOf('node2')(stage)
  },
})
