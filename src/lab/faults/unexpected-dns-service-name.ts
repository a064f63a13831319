import type { Fault } from './fault.ts'
import { objectsAt, textsAt } from '../cluster/raw-object.ts'
import { nodeCachePods } from './dns-objects.ts'
import { corefileOf, editFault, replaceText, setField } from './edit-fault.ts'
import { restartNodeCaches } from './restarts.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, NODE_CACHE, dig } from './look.ts'

export const unexpectedDnsServiceName: Fault = editFault({
  name: 'unexpected-dns-service-name',
  summary: `the node caches have no -upstreamsvc: they look for kube-dns, and the DNS Service is called coredns: cluster names fail at all of them`,
  looks: [
    dig(CONSOLE, `@${NODE_CACHE} ${NAME}`, { broken: /SERVFAIL|REFUSED|timed out/, whole: ANSWERED }),
    dig(CONSOLE, `@${DNS_SERVICE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  edits: (stage) => [
    replaceText(corefileOf('nodelocaldns'), {
      from: 'forward . 10.233.0.3 {',
      to: 'forward . __PILLAR__CLUSTER__DNS__ {',
    }),
    ...[...stage.nodeFiles.keys()]
      .flatMap((node) => nodeCachePods(stage, node))
      .map((pod) => {
        const { namespace = '', name } = pod.metadata
        const args = objectsAt(pod, 'spec', 'containers').flatMap((container) => textsAt(container, 'args'))
        return setField(
          { apiVersion: 'v1', kind: 'Pod', namespace, name },
          ['spec', 'containers', 0, 'args'],
          args.filter((arg, index) => arg !== '-upstreamsvc' && args[index - 1] !== '-upstreamsvc'),
        )
      }),
  ],
  after: restartNodeCaches,
})
