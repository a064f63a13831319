import type { Fault } from '../fault.ts'
import { editFault } from '../support/edit-fault.ts'
import { forwardToNamedService } from '../support/node-cache-args.ts'
import { restartNodeCaches } from '../support/restarts.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, NODE_CACHE, dig } from '../look.ts'

export const unexpectedDnsServiceName: Fault = editFault({
  name: 'unexpected-dns-service-name',
  summary: `the node caches have no -upstreamsvc: they look for kube-dns, and the DNS Service is called coredns: cluster names fail at all of them`,
  looks: [
    dig(CONSOLE, `@${NODE_CACHE} ${NAME}`, { broken: /SERVFAIL|REFUSED|timed out/, whole: ANSWERED }),
    dig(CONSOLE, `@${DNS_SERVICE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  edits: (stage) =>
    forwardToNamedService(stage, (args) =>
      args.filter((arg, index) => arg !== '-upstreamsvc' && args[index - 1] !== '-upstreamsvc'),
    ),
  after: restartNodeCaches,
})
