import { POD_TYPE } from '../../cluster/resource-types.ts'
import { nodeCachePods } from '../support/dns-objects.ts'
import { addObject } from '../support/edit-fault.ts'
import type { Fault, KernelPlace } from '../fault.ts'
import { kernelOf } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, NAME, NODE_CACHE, SILENT, dig, kubectl, run } from '../look.ts'
import { idlePod } from '../support/made-objects.ts'
import { recoverPods } from '../support/pods.ts'

const NODE = 'node2'
const PLACE: KernelPlace = { kind: 'node', name: NODE }
const CONTAINER = {
  name: 'dnsmasq',
  image: 'dnsmasq:2.90',
  ports: [{ name: 'dns', containerPort: 53, hostPort: 53, protocol: 'UDP' }],
}

export const nodeCacheBindFailed: Fault = {
  name: 'node-cache-bind-failed',
  needs: 'netns',
  summary: `${NODE}: another DNS server has port 53 of all addresses: the node cache cannot bind its own and crashes`,
  imitated: 'the other server is a socket that the lab holds: it never answers',
  shownBy: ['--from', 'default/console'],
  looks: [
    run(`node/${NODE}`, 'ss -lun', { broken: /0\.0\.0\.0:53 /, whole: /^(?![^]*0\.0\.0\.0:53 )/ }),
    kubectl('-n kube-system get pods -l k8s-app=nodelocaldns', {
      broken: /CrashLoopBackOff/,
      whole: /^(?![^]*CrashLoop)[^]*Running/,
    }),
    kubectl('-n kube-system logs -l k8s-app=nodelocaldns --tail=20', { broken: /address already in use/ }),
    dig(CONSOLE, `+notcp @${NODE_CACHE} ${NAME}`, { broken: SILENT, whole: ANSWERED }),
  ],
  async inject(stage) {
    const kernel = kernelOf(stage)
    const caches = nodeCachePods(stage, NODE)
    await Promise.all(caches.map((pod) => stage.crashPod(pod, 'signal: killed')))
    const other = addObject(idlePod(stage, 'dnsmasq', { hostNetwork: true, containers: [CONTAINER] }))
    other.make(stage)
    const release = await kernel.hold(PLACE, 53)
    await recoverPods(stage, caches)
    return async () => {
      release()
      other.undo(stage)
      await Promise.all(nodeCachePods(stage, NODE).map((pod) => stage.restartPod(pod)))
    }
  },
  isThere: ({ store }) => store.get(POD_TYPE, 'default', 'dnsmasq') !== undefined,
}
