import type { Fault } from '../fault.ts'
import { addObject, editFault } from '../support/edit-fault.ts'
import { CONSOLE, DNS_SERVICE, NAME, dig, kubectl } from '../look.ts'

const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'hardened', namespace: 'kube-system' },
  spec: {
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: {} }] }],
  },
}

export const networkPolicyBlocksCoredns: Fault = editFault({
  name: 'network-policy-blocks-coredns',
  needs: 'calico',
  summary: `a NetworkPolicy in kube-system lets kube-system alone reach the CoreDNS pods: pods of all other namespaces have no DNS there`,
  shownBy: ['--from', 'default/console'],
  looks: [
    dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`),
    dig(CONSOLE, `+notcp @${DNS_SERVICE} ${NAME}`),
    kubectl('-n kube-system get networkpolicy', { broken: /hardened/, whole: /No resources/ }),
  ],
  edits: () => [addObject(POLICY)],
})
