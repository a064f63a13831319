import { editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { forwardToNamedService } from '../support/node-cache-args.ts'
import { restartNodeCaches } from '../support/restarts.ts'
import { ANSWERED, CONSOLE, NAME, NODE_CACHE, dig } from '../look.ts'

const MISSING = 'kube-dns-upstream'

// The upstream manifest as it comes: the Service that it makes itself was left out.
export const nodeCacheUpstreamServiceMissing: Fault = editFault({
  name: 'node-cache-upstream-service-missing',
  summary: `the node caches wait for the Service ${MISSING}, which nobody made: cluster names fail at all of them`,
  looks: [dig(CONSOLE, `@${NODE_CACHE} ${NAME}`, { broken: /SERVFAIL|REFUSED|timed out/, whole: ANSWERED })],
  edits: (stage) =>
    forwardToNamedService(stage, (args) =>
      args.map((arg, index) => (args[index - 1] === '-upstreamsvc' ? MISSING : arg)),
    ),
  after: restartNodeCaches,
})
