import type { Fault } from './fault.ts'
import { ruleFault } from './kernel-fault.ts'

const NODE = 'node3'

export const vxlanPortBlocked: Fault = ruleFault({
  name: 'vxlan-port-blocked',
  summary: `flannel: a firewall on ${NODE} drops UDP 8472: no pod traffic to and from that node`,
  needs: 'flannel',
  rules: () => [
    {
      place: { kind: 'node', name: NODE },
      table: 'raw',
      chain: 'PREROUTING',
      rule: '-i eth0 -p udp --dport 8472 -j DROP',
    },
  ],
})
