import { textAt } from '../../cluster/raw-object.ts'
import { deadAddressBeside } from '../support/dead-address.ts'
import type { Fault, FaultStage, KernelPlace } from '../fault.ts'
import { kernelOf, mustRunIn } from '../support/kernel-fault.ts'
import { coreDnsPods } from '../support/pods.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, dig, run } from '../look.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node2' }

// As it is when kube-proxy hangs while CoreDNS pods move: its pod is Ready, its rules are of yesterday.
export const serviceRulesStale: Fault = {
  name: 'service-rules-stale',
  cause: 'service-ip-unreachable',
  summary: `${PLACE.name}: kube-proxy hangs; its rules lead to addresses that CoreDNS pods had once: the Service IP times out there`,
  needs: 'netns',
  looks: [
    dig(CONSOLE, `+notcp @${DNS_SERVICE} ${NAME}`),
    run('node/node2', 'iptables-save -t nat | grep -c -- "--to-destination {coredns@node3}:53"', {
      broken: /^0/,
      whole: /^[1-9]/,
    }),
    dig('node/node1', `@${DNS_SERVICE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  async inject(stage) {
    const kernel = kernelOf(stage)
    await kernel.setRulesFrozen(PLACE.name, true)
    let rules = await mustRunIn(kernel, PLACE, ['iptables-save', '-t', 'nat'])
    for (const [now, dead] of addresses(stage)) {
      for (const end of [':', '/']) rules = rules.replaceAll(` ${now}${end}`, ` ${dead}${end}`)
    }
    await mustRunIn(kernel, PLACE, ['iptables-restore', '-w'], rules)
    return async () => {
      await kernel.setRulesFrozen(PLACE.name, false)
      // Flows of meanwhile would be remembered for half a minute: a fault of its own.
      for (const [, dead] of addresses(stage))
        await kernel.run(PLACE, ['conntrack', '-D', '-p', 'udp', '--reply-src', dead])
    }
  },
  async isThere(stage) {
    const { stdout } = await kernelOf(stage).run(PLACE, ['iptables-save', '-t', 'nat'])
    return addresses(stage).some(([now]) => !stdout.includes(`--to-destination ${now}:53`))
  },
}

/** Each replica's address, and the one that it had. */
function addresses(stage: FaultStage): (readonly [string, string])[] {
  return coreDnsPods(stage).map((pod) => {
    const address = textAt(pod, 'status', 'podIP')
    return [address, deadAddressBeside(stage, address)]
  })
}
