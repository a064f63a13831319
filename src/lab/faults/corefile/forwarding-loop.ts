import { editFault, nodeFile, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartNodeDnsUsers } from '../support/restarts.ts'
import { COREDNS_CRASHES, kubectl } from '../look.ts'

export const forwardingLoop: Fault = editFault({
  name: 'forwarding-loop',
  // On loopback a pod has no address of that kind to itself.
  needs: 'netns',
  summary:
    'node4: resolv.conf lists 127.0.0.53: in the CoreDNS pod that is CoreDNS itself, and its loop plugin ends it',
  looks: [COREDNS_CRASHES, kubectl('-n kube-system logs {coredns-pod@node4}', { broken: /Loop .* detected/ })],
  edits: () => [
    replaceText(nodeFile('node4', '/run/systemd/resolve/resolv.conf'), {
      from: 'nameserver 100.64.11.3',
      to: 'nameserver 127.0.0.53',
    }),
  ],
  after: restartNodeDnsUsers('node4'),
})
