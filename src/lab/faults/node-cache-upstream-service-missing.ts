import { objectsAt, textsAt } from '../cluster/raw-object.ts'
import { nodeCachePods } from './dns-objects.ts'
import { corefileOf, editFault, replaceText, setField } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartNodeCaches } from './restarts.ts'
import { ANSWERED, CONSOLE, NAME, NODE_CACHE, dig } from './look.ts'

const MISSING = 'kube-dns-upstream'

// The upstream manifest as it comes: the Service that it makes itself was left out.
export const nodeCacheUpstreamServiceMissing: Fault = editFault({
  name: 'node-cache-upstream-service-missing',
  summary: `the node caches wait for the Service ${MISSING}, which nobody made: cluster names fail at all of them`,
  looks: [dig(CONSOLE, `@${NODE_CACHE} ${NAME}`, { broken: /SERVFAIL|REFUSED|timed out/, whole: ANSWERED })],
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
          args.map((arg, index) => (args[index - 1] === '-upstreamsvc' ? MISSING : arg)),
        )
      }),
  ],
  after: restartNodeCaches,
})
