import { addObject, editFault, nodeFile, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { idlePod } from '../support/made-objects.ts'
import { NAME, REFUSED, dig, madeObject } from '../look.ts'

const NODE = 'node2'

// As on a node with systemd-resolved whose kubelet was given the stub's file: the node itself reaches the stub, a pod does not.
export const loopbackNameserverInPod: Fault = editFault({
  name: 'loopback-nameserver-in-pod',
  summary: `${NODE}: kubelet hands out /etc/resolv.conf, which names the node's own stub 127.0.0.53: nothing listens there in a pod`,
  shownBy: ['--from', 'default/lonely'],
  looks: [dig('default/lonely', NAME, { broken: REFUSED }), madeObject('pod', 'lonely')],
  edits: (stage) => [
    replaceText(nodeFile(NODE, '/etc/resolv.conf'), {
      from: 'nameserver 100.64.11.3\nnameserver 114.114.114.114\nnameserver 119.29.29.29',
      to: 'nameserver 127.0.0.53',
    }),
    replaceText(nodeFile(NODE, '/var/lib/kubelet/kubeadm-flags.env'), {
      from: '--resolv-conf=/run/systemd/resolve/resolv.conf',
      to: '--resolv-conf=/etc/resolv.conf',
    }),
    addObject(idlePod(stage, 'lonely', { dnsPolicy: 'Default' })),
  ],
})
