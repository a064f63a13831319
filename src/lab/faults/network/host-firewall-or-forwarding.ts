import type { Fault, KernelPlace } from '../fault.ts'
import { kernelOf, mustRunIn } from '../support/kernel-fault.ts'
import { CONSOLE, NAME, dig, run } from '../look.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node2' }

export const hostFirewallOrForwarding: Fault = {
  name: 'host-firewall-or-forwarding',
  summary: `${PLACE.name}: the FORWARD policy is DROP: pods of that node reach nothing beyond it`,
  shownBy: ['--from', 'default/console'],
  // With flannel, rules that it writes itself accept what pods send and get, whatever the policy.
  needs: 'calico',
  looks: [
    dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`),
    run('node/node2', 'iptables -S FORWARD', { broken: /^-P FORWARD DROP/, whole: /^-P FORWARD ACCEPT/ }),
  ],
  async inject(stage) {
    const kernel = kernelOf(stage)
    const setPolicy = async (policy: string): Promise<void> => {
      await mustRunIn(kernel, PLACE, ['iptables', '-w', '-P', 'FORWARD', policy])
    }
    await setPolicy('DROP')
    return () => setPolicy('ACCEPT')
  },
  async isThere(stage) {
    const { stdout } = await kernelOf(stage).run(PLACE, ['iptables', '-w', '-S', 'FORWARD'])
    return stdout.startsWith('-P FORWARD DROP')
  },
}
