import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, dig } from '../look.ts'

export const nodeCacheForceTcpBlocked: Fault = ruleFault({
  name: 'node-cache-force-tcp-blocked',
  summary:
    'TCP to port 53 of every pod is dropped on all nodes: the node caches, which ask over TCP, have no answer for cluster names',
  looks: [
    dig(CONSOLE, `+tcp @${DNS_SERVICE} ${NAME}`),
    dig(CONSOLE, `+notcp @${DNS_SERVICE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  rules: ({ nodes, podCidr }) =>
    nodes.map((name) => ({
      place: { kind: 'node', name },
      table: 'mangle',
      chain: 'POSTROUTING',
      rule: `-d ${podCidr} -p tcp --dport 53 -j DROP`,
    })),
})
