import type { Fault, KernelPlace, KernelStage } from '../fault.ts'
import { nodeCacheAddress } from '../support/dns-objects.ts'
import { kernelOf } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, NODE_CACHE, dig, run } from '../look.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node2' }
const DEVICE = 'nodelocaldns'
/** In case the kernel's word of a change is lost, in milliseconds: sooner than the node cache looks again. */
const EVERY_MS = 1000

// As a network manager does that takes away addresses which it does not know: the node cache brings it back, and it goes again.
export const nodeCacheRulesInconsistent: Fault = {
  name: 'node-cache-rules-inconsistent',
  summary: `${PLACE.name}: somebody keeps taking the node cache's address away: the cache listens, and queries of the node's pods vanish`,
  needs: 'netns',
  looks: [
    run('node/node2', 'ip address show nodelocaldns', {
      broken: /^(?![^]*169\.254\.25\.10)/,
      whole: /169\.254\.25\.10/,
    }),
    dig(CONSOLE, `+notcp @${NODE_CACHE} ${NAME}`),
    dig(CONSOLE, `@${DNS_SERVICE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  async inject(stage) {
    const kernel = kernelOf(stage)
    const address = nodeCacheAddress(stage)
    let last = Promise.resolve()
    const takeAway = (): void => {
      // Without a look first: the address answers for as long as that takes.
      last = last.then(async () => {
        await kernel.run(PLACE, ['ip', 'address', 'delete', `${address}/32`, 'dev', DEVICE])
      })
    }
    const unwatch = kernel.watchAddresses(PLACE, DEVICE, takeAway)
    const timer = setInterval(takeAway, EVERY_MS)
    timer.unref()
    takeAway()
    await last
    return async () => {
      unwatch()
      clearInterval(timer)
      await last
      if (await hasAddress(kernel, address)) return
      await kernel.run(PLACE, ['ip', 'address', 'add', `${address}/32`, 'dev', DEVICE])
    }
  },
  isThere: async (stage) => !(await hasAddress(kernelOf(stage), nodeCacheAddress(stage))),
}

async function hasAddress(kernel: KernelStage, address: string): Promise<boolean> {
  const { stdout } = await kernel.run(PLACE, ['ip', '-o', 'address', 'show', 'to', `${address}/32`])
  return stdout.includes(address)
}
