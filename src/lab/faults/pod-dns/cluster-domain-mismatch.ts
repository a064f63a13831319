import { editFault, nodeFile, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartPodsOf } from '../support/restarts.ts'
import { CONSOLE, run } from '../look.ts'

export const clusterDomainMismatch: Fault = editFault({
  name: 'cluster-domain-mismatch',
  summary: 'node2: kubelet says k8s.local, CoreDNS serves cluster.local: short names are NXDOMAIN in pods',
  shownBy: ['--from', 'default/console'],
  looks: [
    run(CONSOLE, 'cat /etc/resolv.conf', { broken: /svc\.k8s\.local/, whole: /svc\.cluster\.local/ }),
    run(CONSOLE, 'getent hosts hello-world || echo none', { broken: /^none/, whole: /^10\.233\.15\.88/ }),
  ],
  edits: () => [
    replaceText(nodeFile('node2', '/var/lib/kubelet/config.yaml'), {
      from: 'clusterDomain: cluster.local\n',
      to: 'clusterDomain: k8s.local\n',
    }),
  ],
  after: restartPodsOf('node2'),
})
