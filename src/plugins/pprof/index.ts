import { onceError } from '../../corefile/index.ts'
import type { Plugin } from '../../server/index.ts'
import { integerArgument } from '../arguments.ts'
import { readHttpAddress } from '../http-endpoint.ts'

/** `pprof`: accepted, so that Corefiles need no change; Go's profiles do not exist here, Node.js has its own. */
export const pprofPlugin: Plugin<void> = {
  name: 'pprof',
  parse(dispenser) {
    let seen = false
    while (dispenser.next()) {
      if (seen) throw onceError(dispenser)
      seen = true
      if (dispenser.nextArg()) readHttpAddress(dispenser, dispenser.value())
      if (dispenser.nextArg()) throw dispenser.argError()
      while (dispenser.nextBlock()) {
        if (dispenser.value() !== 'block') throw dispenser.error(`unknown property '${dispenser.value()}'`)
        const [rate, ...more] = dispenser.remainingArgs()
        if (more.length > 0) throw dispenser.argError()
        if (rate !== undefined) integerArgument(dispenser, rate)
      }
    }
  },
  create: (_options, { log }) => ({
    async start() {
      log.info(
        'nothing is served: profile this process with NODE_OPTIONS="--cpu-prof" or "--heap-prof", or attach to --inspect',
      )
    },
  }),
}
