import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { LARGE_NAME, withLargeSet } from '../support/large-set.ts'
import { ANSWERED, CONSOLE, NAME, SILENT, dig } from '../look.ts'

const NODE = 'node2'
/** Less than any node believes, in octets. */
const SMALL = 1000

// As a link does whose MTU nobody knows and whose router says nothing: no ICMP comes back, over UDP or TCP.
export const mtuBlackHole: Fault = withLargeSet(
  ruleFault({
    name: 'mtu-black-hole',
    cause: 'large-response-lost',
    summary: `the way to ${NODE} carries ${SMALL} octets and nobody says so: large responses never arrive there, over UDP and TCP`,
    shownBy: ['--from', 'default/console', '--name', LARGE_NAME],
    looks: [
      dig(CONSOLE, `+tcp @{coredns@node3} ${LARGE_NAME}`, { broken: SILENT, whole: /status: N/ }),
      dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
    ],
    rules: (kernel) => [
      {
        place: { kind: 'underlay' },
        table: 'filter',
        chain: 'FORWARD',
        rule: `-m physdev --physdev-is-bridged --physdev-out ${kernel.portOf(NODE)} -m length --length ${SMALL + 1}:65535 -j DROP`,
      },
    ],
  }),
)
