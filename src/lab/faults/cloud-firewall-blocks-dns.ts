import { editFault, setField } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { ruleFault } from './kernel-fault.ts'
import { ANSWERED, CONSOLE, NAME, dig, kubectl } from './look.ts'
import { together } from './together.ts'

const GROUP = ['node1', 'node2']
const LABEL = 'cloud.example.com/node-group'

const labelled: Fault = editFault({
  name: 'labels',
  summary: '',
  looks: [],
  edits: () =>
    GROUP.map((name) => setField({ apiVersion: 'v1', kind: 'Node', name }, ['metadata', 'labels', LABEL], 'blue')),
})
const filtered: Fault = ruleFault({
  name: 'rules',
  summary: '',
  looks: [],
  rules: (kernel) =>
    GROUP.flatMap((node) =>
      ['udp', 'tcp'].map((protocol) => ({
        place: { kind: 'underlay' },
        table: 'filter',
        chain: 'FORWARD',
        rule: `-m physdev --physdev-is-bridged --physdev-in ${kernel.portOf(node)} -p ${protocol} --dport 53 -j DROP`,
      })),
    ),
})

// Between the nodes, where no packet filter of a node shows it; with VXLAN it would see no port 53.
export const cloudFirewallBlocksDns: Fault = together(
  {
    name: 'cloud-firewall-blocks-dns',
    needs: 'calico',
    summary: `the network lets no DNS out of the nodes of the group blue (${GROUP.join(', ')}): all their pods fail, those of other nodes do not`,
    shownBy: ['--from', 'default/console'],
    looks: [
      dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`),
      dig(CONSOLE, `+tcp @{coredns@node4} ${NAME}`),
      dig('node/node4', `@{coredns@node3} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
      kubectl(`get nodes -l ${LABEL}=blue`, { broken: /node1[^]*node2/, whole: /No resources/ }),
    ],
  },
  labelled,
  filtered,
)
