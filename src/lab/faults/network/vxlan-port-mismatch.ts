import type { Fault, KernelPlace } from '../fault.ts'
import { kernelOf } from '../support/kernel-fault.ts'
import { CONSOLE, NAME, dig, run } from '../look.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node3' }
const RIGHT = 8472
/** VXLAN's registered port, which flannel on Linux does not use. */
const WRONG = 4789

export const vxlanPortMismatch: Fault = {
  name: 'vxlan-port-mismatch',
  cause: 'vxlan-port-blocked',
  summary: `flannel: ${PLACE.name} speaks VXLAN on port ${WRONG}, the others on ${RIGHT}: no pod traffic to and from that node`,
  needs: 'flannel',
  looks: [
    dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`),
    run('node/node3', 'ip -d link show flannel.1', { broken: /dstport 4789/, whole: /dstport 8472/ }),
  ],
  async inject(stage) {
    const kernel = kernelOf(stage)
    await kernel.setVxlanPort(PLACE.name, WRONG)
    return () => kernel.setVxlanPort(PLACE.name, RIGHT)
  },
  async isThere(stage) {
    const { stdout } = await kernelOf(stage).run(PLACE, ['ip', '-d', 'link', 'show', 'flannel.1'])
    return !stdout.includes(`dstport ${RIGHT}`)
  },
}
