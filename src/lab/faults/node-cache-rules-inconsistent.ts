import type { Fault, KernelPlace, KernelStage } from './fault.ts'
import { nodeCacheAddress } from './dns-objects.ts'
import { kernelOf } from './kernel-fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, NODE_CACHE, dig, run } from './look.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node2' }
const DEVICE = 'nodelocaldns'
/** Sooner than the node cache looks again and puts the address back, in milliseconds. */
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
    const takeAway = async (): Promise<void> => {
      if (await hasAddress(kernel, address))
        await kernel.run(PLACE, ['ip', 'address', 'delete', `${address}/32`, 'dev', DEVICE])
    }
    await takeAway()
    let last = Promise.resolve()
    const timer = setInterval(() => {
      last = last.then(takeAway)
    }, EVERY_MS)
    timer.unref()
    return async () => {
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
