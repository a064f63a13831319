import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { ANSWERED, DNS_SERVICE, NAME, NODE_CACHE, dig } from '../look.ts'

const PORTS = [
  { port: 53, protocol: 'UDP' },
  { port: 53, protocol: 'TCP' },
]
const TO = [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }]
const POLICY = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'allow-dns', namespace: 'shop' },
  spec: { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: TO, ports: PORTS }] },
}

export const networkPolicyMissesNodeCache: Fault = editFault({
  name: 'network-policy-misses-node-cache',
  needs: 'calico',
  summary: 'a NetworkPolicy in shop allows DNS to the CoreDNS pods alone, and the pods ask the node cache',
  shownBy: ['--from', 'shop/web-5f6d8b9c47-t6wnc'],
  looks: [
    dig('shop/web-5f6d8b9c47-t6wnc', `+notcp @${NODE_CACHE} ${NAME}`),
    dig('shop/web-5f6d8b9c47-t6wnc', `@${DNS_SERVICE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  edits: () => [addObject(POLICY)],
})
