import { editFault, setField } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, NAME, dig, kubectl } from '../look.ts'
import { together } from '../support/together.ts'

/** What a cloud's controller writes on every node. */
const LABEL = 'topology.kubernetes.io/zone'
const ZONES: Readonly<Record<string, string>> = { node1: 'zone-a', node2: 'zone-a', node3: 'zone-b', node4: 'zone-b' }

const GROUP = Object.keys(ZONES).filter((node) => ZONES[node] === 'zone-a')

const labelled: Fault = editFault({
  name: 'labels',
  summary: '',
  looks: [],
  edits: () =>
    Object.entries(ZONES).map(([name, zone]) =>
      setField({ apiVersion: 'v1', kind: 'Node', name }, ['metadata', 'labels', LABEL], zone),
    ),
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
    summary: `the network lets no DNS out of zone-a (${GROUP.join(', ')}): all their pods fail, those of other nodes do not`,
    shownBy: ['--from', 'default/console'],
    looks: [
      dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`),
      dig(CONSOLE, `+tcp @{coredns@node4} ${NAME}`),
      dig('node/node4', `@{coredns@node3} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
      kubectl(`get nodes -l ${LABEL}=zone-a`, { broken: /node1[^]*node2/, whole: /No resources/ }),
    ],
  },
  labelled,
  filtered,
)
