import type { Fault } from '../fault.ts'
import { editFault, podFile } from '../support/edit-fault.ts'
import { POD_TYPE } from '../../cluster/resource-types.ts'
import { CONSOLE, NAME, dig, run } from '../look.ts'

export const podResolvConfOutdated: Fault = editFault({
  name: 'pod-resolv-conf-outdated',
  summary: `kubelet's clusterDNS on node2 was wrong and has been corrected; default/console was not made anew: its file is the old one`,
  shownBy: ['--from', 'default/console'],
  looks: [
    run(CONSOLE, 'cat /etc/resolv.conf', {
      broken: /nameserver 10\.233\.0\.10$/m,
      whole: /nameserver 169\.254\.25\.10$/m,
    }),
    run('node/node2', 'cat /var/lib/kubelet/config.yaml', {
      broken: /clusterDNS:\n- 169\.254\.25\.10/,
      whole: /clusterDNS:\n- 169\.254\.25\.10/,
    }),
    dig(CONSOLE, NAME),
  ],
  edits: () => [
    podFile('default', 'console', {
      path: '/etc/resolv.conf',
      text: 'nameserver 10.233.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n',
    }),
  ],
  after: async (stage) => {
    const pod = stage.store.get(POD_TYPE, 'default', 'console')
    if (pod !== undefined) await stage.restartPod(pod)
  },
})
