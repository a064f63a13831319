import type { Fault } from './fault.ts'
import { nodeCachePods } from './dns-objects.ts'
import { recoverPods } from './pods.ts'

const NODE = 'node2'

export const nodeCacheDown: Fault = {
  name: 'node-cache-down',
  summary: `${NODE}: the node cache was killed, its address and rules stay behind: pods of that node have no DNS`,
  shownBy: ['--from', `node/${NODE}`],
  async inject(stage) {
    await Promise.all(nodeCachePods(stage, NODE).map((pod) => stage.crashPod(pod, 'signal: killed')))
    return () => recoverPods(stage, nodeCachePods(stage, NODE))
  },
  isThere: (stage) => nodeCachePods(stage, NODE).some((pod) => stage.isCrashed(pod)),
}
