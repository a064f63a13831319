import type { Fault, KernelPlace } from '../fault.ts'
import { kernelOf } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, NAME, dig, run } from '../look.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node2' }
const SETTING = 'net/ipv4/ip_forward'

// As after a hardening of the host that takes it for a server.
export const forwardingOff: Fault = {
  name: 'forwarding-off',
  cause: 'host-firewall-or-forwarding',
  summary: `${PLACE.name}: net.ipv4.ip_forward is 0: pods of that node reach nothing beyond it, the node itself does`,
  shownBy: ['--from', CONSOLE],
  needs: 'netns',
  looks: [
    dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`),
    dig('node/node2', `+notcp @{coredns@node3} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
    run('node/node2', 'sysctl -n net.ipv4.ip_forward', { broken: /^0/, whole: /^1/ }),
  ],
  inject(stage) {
    const kernel = kernelOf(stage)
    kernel.setSetting(PLACE, SETTING, '0')
    return Promise.resolve(() => {
      kernel.setSetting(PLACE, SETTING, '1')
      return Promise.resolve()
    })
  },
  isThere: (stage) => kernelOf(stage).setting(PLACE, SETTING) === '0',
}
