import { LabError } from '../../cluster/lab-error.ts'
import { textAt } from '../../cluster/raw-object.ts'
import { dnsService } from '../support/dns-objects.ts'
import type { Fault, KernelPlace } from '../fault.ts'
import { kernelOf } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, dig, run } from '../look.ts'

const PLACE: KernelPlace = { kind: 'pod', namespace: 'default', name: 'console' }
const SETTING = 'net/ipv4/ip_local_port_range'
const PORTS = [50_000, 50_001, 50_002, 50_003]
const NARROW = `${PORTS[0]}\t${PORTS.at(-1)}`

// A proxy that keeps a socket for each of its queries. The range is small, so that few sockets fill it.
export const clientUdpPortsExhausted: Fault = {
  name: 'client-udp-ports-exhausted',
  needs: 'netns',
  summary: `default/console: all ${PORTS.length} local ports that the pod may use are taken by queries of its own: it cannot send another one over UDP`,
  shownBy: ['--from', 'default/console'],
  looks: [
    dig(CONSOLE, `+notcp @${DNS_SERVICE} ${NAME}`, {
      broken: /address (already )?in use|not available|no servers|failure/i,
      whole: ANSWERED,
    }),
    run(CONSOLE, 'ss -uan', { broken: /:50003/, whole: /^(?![^]*:50003)/ }),
  ],
  inject(stage) {
    const kernel = kernelOf(stage)
    const service = dnsService(stage)
    if (service === undefined)
      throw new LabError('not-supported', 'Cannot inject the fault: the cluster has no DNS Service')
    const server = textAt(service, 'spec', 'clusterIP')
    const before = kernel.setting(PLACE, SETTING) ?? '32768\t60999'
    kernel.setSetting(PLACE, SETTING, NARROW)
    const stops = PORTS.map((fromPort) => kernel.keepAsking(PLACE, { fromPort, server }))
    return Promise.resolve(() => {
      for (const stop of stops) stop()
      kernel.setSetting(PLACE, SETTING, before)
      return Promise.resolve()
    })
  },
  isThere: (stage) => kernelOf(stage).setting(PLACE, SETTING) === NARROW,
}
