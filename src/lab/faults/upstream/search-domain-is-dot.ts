import type { Fault } from '../fault.ts'
import { addObject, appendText, editFault, nodeFile, podFile } from '../support/edit-fault.ts'
import { idlePod } from '../support/made-objects.ts'
import { POD_TYPE } from '../../cluster/resource-types.ts'
import { madeObject, run } from '../look.ts'

export const searchDomainIsDot: Fault = editFault({
  name: 'search-domain-is-dot',
  summary: `node2: resolv.conf says "search ."; its kubelet makes an empty search line of it for pods whose DNS is the node's`,
  imitated: `the empty line is written into the pod's file: the lab's kubelets leave it out`,
  shownBy: ['--from', 'default/rooted'],
  looks: [
    run('default/rooted', 'cat /etc/resolv.conf', { broken: /^search $/m }),
    run('node/node2', 'cat /run/systemd/resolve/resolv.conf', {
      broken: /^search \.$/m,
      whole: /^(?![^]*\nsearch \.)[^]*nameserver/,
    }),
    madeObject('pod', 'rooted'),
  ],
  edits: (stage) => [
    appendText(nodeFile('node2', '/run/systemd/resolve/resolv.conf'), 'search .\n'),
    addObject(idlePod(stage, 'rooted', { dnsPolicy: 'Default' })),
    podFile('default', 'rooted', {
      path: '/etc/resolv.conf',
      text: 'nameserver 100.64.11.3\nnameserver 114.114.114.114\nnameserver 119.29.29.29\nsearch \n',
    }),
  ],
  after: async (stage) => {
    const pod = stage.store.get(POD_TYPE, 'default', 'rooted')
    if (pod !== undefined) await stage.restartPod(pod)
  },
})
