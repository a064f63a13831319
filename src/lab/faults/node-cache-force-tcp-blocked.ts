import type { Fault } from './fault.ts'
import { ruleFault } from './kernel-fault.ts'

export const nodeCacheForceTcpBlocked: Fault = ruleFault({
  name: 'node-cache-force-tcp-blocked',
  summary:
    'TCP to port 53 of every pod is dropped on all nodes: the node caches, which ask over TCP, have no answer for cluster names',
  rules: ({ nodes, podCidr }) =>
    nodes.map((name) => ({
      place: { kind: 'node', name },
      table: 'mangle',
      chain: 'POSTROUTING',
      rule: `-d ${podCidr} -p tcp --dport 53 -j DROP`,
    })),
})
