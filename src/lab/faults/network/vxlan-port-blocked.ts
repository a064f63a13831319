import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, NAME, dig } from '../look.ts'

const NODE = 'node3'

export const vxlanPortBlocked: Fault = ruleFault({
  name: 'vxlan-port-blocked',
  summary: `flannel: a firewall on ${NODE} drops UDP 8472: no pod traffic to and from that node`,
  needs: 'flannel',
  looks: [
    dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`),
    dig('node/node3', `@{coredns@node3} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  rules: () => [
    {
      place: { kind: 'node', name: NODE },
      table: 'raw',
      chain: 'PREROUTING',
      rule: '-i eth0 -p udp --dport 8472 -j DROP',
    },
  ],
})
