import type { Fault } from '../fault.ts'
import { nodeCachePods } from '../support/dns-objects.ts'
import { recoverPods } from '../support/pods.ts'
import { ANSWERED, CONSOLE, NAME, NODE_CACHE, dig } from '../look.ts'

const NODE = 'node2'

export const nodeCacheDown: Fault = {
  name: 'node-cache-down',
  summary: `${NODE}: the node cache was killed, its address and rules stay behind: pods of that node have no DNS`,
  shownBy: ['--from', `node/${NODE}`],
  looks: [
    dig(CONSOLE, `+notcp @${NODE_CACHE} ${NAME}`, { broken: /connection refused|timed out/, whole: ANSWERED }),
    dig('node/node1', `@${NODE_CACHE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  async inject(stage) {
    await Promise.all(nodeCachePods(stage, NODE).map((pod) => stage.crashPod(pod, 'signal: killed')))
    return () => recoverPods(stage, nodeCachePods(stage, NODE))
  },
  isThere: (stage) => nodeCachePods(stage, NODE).some((pod) => stage.isCrashed(pod)),
}
