import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { LARGE_NAME, withLargeSet } from '../support/large-set.ts'
import { ANSWERED, CONSOLE, NAME, SILENT, dig } from '../look.ts'

// The switch has no connection tracking, which would put fragments together before any rule sees them. With flannel it sees none: they
// are inside the tunnel's datagrams.
export const largeResponseLost: Fault = withLargeSet(
  ruleFault({
    name: 'large-response-lost',
    needs: 'calico',
    summary: `fragments are lost between the nodes: ${LARGE_NAME} (100 addresses) has no response over UDP with a large buffer, small names do`,
    shownBy: ['--name', LARGE_NAME],
    looks: [
      dig(CONSOLE, `+notcp +ignore +bufsize=4096 @{coredns@node4} ${LARGE_NAME}`, {
        broken: SILENT,
        whole: /status: N/,
      }),
      dig(CONSOLE, `+notcp @{coredns@node4} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
    ],
    rules: () => [{ place: { kind: 'underlay' }, table: 'raw', chain: 'PREROUTING', rule: '-f -j DROP' }],
  }),
)
