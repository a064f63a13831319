import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, dig } from '../look.ts'

// After the Service IP became a pod's: both ways to a replica are meant, and no query to an upstream is.
export const udp53Blocked: Fault = ruleFault({
  name: 'udp-53-blocked',
  summary: 'UDP to port 53 of every pod is dropped on all nodes: dig times out, dig +tcp works',
  looks: [
    dig(CONSOLE, `+notcp @${DNS_SERVICE} ${NAME}`),
    dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`),
    dig(CONSOLE, `+tcp @${DNS_SERVICE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  rules: ({ nodes, podCidr }) =>
    nodes.map((name) => ({
      place: { kind: 'node', name },
      table: 'mangle',
      chain: 'POSTROUTING',
      rule: `-d ${podCidr} -p udp --dport 53 -j DROP`,
    })),
})
