import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, NAME, dig } from '../look.ts'

export const crossNodeTrafficBroken: Fault = ruleFault({
  name: 'cross-node-traffic-broken',
  summary:
    'calico: packets of pods to pods of other nodes are dropped between the nodes: each CoreDNS answers its own node alone',
  needs: 'calico',
  // What enters a node by its uplink and is for one of its pods, from pods and nodes alike.
  looks: [
    dig(CONSOLE, `+notcp @{coredns@node4} ${NAME}`),
    dig('node/node4', `@{coredns@node4} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  rules: ({ nodes, podCidr }) =>
    nodes.map((name) => ({
      place: { kind: 'node', name },
      table: 'raw',
      chain: 'PREROUTING',
      rule: `-i eth0 -d ${podCidr} -j DROP`,
    })),
})
